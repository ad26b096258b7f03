"""Seed data of the local shop: a catalog that reads like a real one.

``load`` is imported from :mod:`shop_local.seed.loader` on first use, for it needs the database
driver and the rest does not.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shop_local.seed.catalog import Category, Product, categories, products
from shop_local.seed.judgments import Judged, judged

if TYPE_CHECKING:
    from shop_local.seed.loader import Loaded, load

__all__ = ["Category", "Judged", "Loaded", "Product", "categories", "judged", "load", "products"]


def __getattr__(name: str) -> Any:
    if name in ("Loaded", "load"):
        return getattr(import_module("shop_local.seed.loader"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
