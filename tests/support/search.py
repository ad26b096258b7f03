"""A small catalog made to tell good search results from bad ones."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from shop.adapters.postgres.database import Database
from shop.domain.search import Filters, SearchQuery
from shop.domain.search_results import SearchPage
from shop.services.search.ports import SearchEngine
from tests.support.builders import add_categories, add_product
from tests.support.gateway import Gateway, Response

SEARCH: Final = "/api/catalog/search"
_NEWEST = datetime(2026, 1, 31, 12, tzinfo=UTC)
_NAMESPACE = UUID("7a1f3c52-3d0e-5a57-9a35-0c5f6c1f2b11")

#: name, brand, category, price in cents, stock, tags, description
PRODUCTS = (
    ("Aero 13 Laptop, Silver", "Nordvik", "laptops", 89_900, 5, ("laptop", "travel", "silver"),
     "Light enough for every journey."),
    ("Aero 15 Laptop, Black", "Nordvik", "laptops", 129_900, 0, ("laptop", "black"),
     "A bigger screen for spreadsheets."),
    ("Studio 16 Laptop, Grey", "Calderon", "laptops", 219_900, 3, ("laptop", "video"),
     "Cuts films without a pause."),
    ("Travel Dock", "Calderon", "laptops", 9_900, 40, ("accessory", "travel"),
     "One cable connects a laptop to everything."),
    ("Pulse Wireless Headphones, Black", "Sonavel", "phones", 19_900, 12, ("audio", "black"),
     "Puts an end to noise in the aircraft."),
    ("Pulse Kids' Headphones, Rose", "Sonavel", "phones", 4_900, 8, ("audio", "rose"),
     "A gentle volume for small ears."),
    ("Halo Smartphone, 128 GB", "Brühl", "phones", 49_999, 9, ("phone",),
     "Takes pictures at night."),
    ("Halo Smartphone, 512 GB", "Brühl", "phones", 50_000, 9, ("phone",),
     "Takes more pictures at night."),
    ("Halo Ultra Smartphone", "Brühl", "phones", 100_000, 1, ("phone", "travel"),
     "For those who want it all."),
    ("The Winter Ferry: A Crime Novel", "Owlbear Press", "novels", 1_299, 30, ("crime", "book"),
     "A detective follows a stolen laptop."),
    ("The Café: A Love Story", "Owlbear Press", "novels", 999, 30, ("love", "book"),
     "Running a café in Montréal."),
    ("<b>Bold</b> & Co: An Essay", "Owlbear Press", "novels", 1_500, 2, ("essay", "book"),
     "On <script>alert('markup')</script> and other essays."),
)  # fmt: skip


def product_id(name: str) -> UUID:
    """Return the id of a product of the catalog."""
    return uuid5(_NAMESPACE, name)


def add_catalog(database: Database) -> None:
    """Insert categories and products, one that is not for sale included."""
    add_categories(database)
    for days, product in enumerate(PRODUCTS):
        add(database, product, days_old=days)
    gone = (
        "Aero 11 Laptop, Gone",
        "Nordvik",
        "laptops",
        50_000,
        3,
        ("laptop",),
        "Not sold any more.",
    )
    add(database, gone, is_active=False)


def add(
    database: Database,
    product: tuple[str, str, str, int, int, Sequence[str], str],
    *,
    days_old: int = 0,
    is_active: bool = True,
) -> UUID:
    """Insert one product with its stock."""
    name, brand, category, price, stock, tags, description = product
    return add_product(
        database, product_id=product_id(name), name=name, description=description, brand=brand,
        price_minor=price, on_hand=stock, category=category, tags=tags, is_active=is_active,
        created_at=_NEWEST - timedelta(days=days_old),
    )  # fmt: skip


def find(engine: SearchEngine, text: str = "", **options: object) -> SearchPage:
    """Search; options are those of the query and of its filters."""
    filters = {
        name: options.pop(name) for name in list(options) if name in Filters.__struct_fields__
    }
    return engine.search(
        SearchQuery(text=text, filters=Filters(**filters), **options)  # type: ignore[arg-type]
    )


def names(page: SearchPage) -> list[str]:
    """List the names of what was found."""
    return [found.name for found in page.results]


def search_products(shop: Gateway, q: str | None = None, **query: Any) -> Response:
    """Search through the API."""
    if isinstance(filters := query.get("filters"), dict):
        query["filters"] = json.dumps(filters)
    if q is not None:
        query["q"] = q
    return shop.get(SEARCH, query=query)
