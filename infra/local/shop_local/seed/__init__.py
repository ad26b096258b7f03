"""Seed data of the local shop: a catalog that reads like a real one.

``load`` is imported from :mod:`shop_local.seed.loader` on first use, for it needs the database
driver and the rest does not.
"""

from typing import TYPE_CHECKING, Any

from shop_local.seed.catalog import Category, Product, categories, products
from shop_local.seed.judgments import Judged, judgments

if TYPE_CHECKING:
    from shop_local.seed.loader import Loaded, load

__all__ = ["Category", "Judged", "Loaded", "Product", "categories", "judgments", "load", "products"]


def __getattr__(name: str) -> Any:
    if name in ("Loaded", "load"):
        from shop_local.seed import loader

        return getattr(loader, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
