"""Seed data of the local shop: a catalog that reads like a real one."""

from shop_local.seed.catalog import Category, Product, categories, products

__all__ = ["Category", "Product", "categories", "products"]
