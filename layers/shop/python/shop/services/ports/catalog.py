"""Ports of the catalog: products and categories, and the cache before them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from shop.domain.catalog import AttributeValue, Sort


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product with what can be sold of it now.

    Attributes
    ----------
    category : str
        Slug.
    stock : int
        On hand less live holds, in units.
    version : int
        Grows with every change by staff, not with the stock.
    """

    product_id: UUID
    sku: str
    name: str
    description: str
    brand: str
    price_minor: int
    currency: str
    category: str
    tags: tuple[str, ...] = ()
    image_url: str | None = None
    attributes: dict[str, AttributeValue] = {}
    is_active: bool = True
    version: int = 1
    created_at: datetime | None = None
    stock: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a cart or an order must know of a product: the truth of this moment.

    Attributes
    ----------
    available : int
        What can be sold now, in units; 0 of a product that is not active.
    """

    product_id: UUID
    name: str
    price_minor: int
    currency: str
    is_active: bool
    available: int


class CategoryRow(msgspec.Struct, frozen=True):
    """A category with the number of active products directly in it."""

    slug: str
    name: str
    path: str
    product_count: int


class ProductRepository(Protocol):
    """Products and categories inside one transaction."""

    def get(self, product_id: UUID, *, lock: bool = False) -> Product | None:
        """Read a product, active or not; with `lock`, its row is kept until the transaction ends."""

    def page(
        self, category: str | None, sort: Sort, limit: int, offset: int
    ) -> tuple[Sequence[Product], int] | None:
        """Read active products of a category and everything below it, and how many there are.

        At most two statements. None: there is no such category.
        """

    def offers(self, product_ids: Sequence[UUID]) -> dict[UUID, Offer]:
        """Read offers in one statement; unknown products are missing from the answer."""

    def categories(self) -> Sequence[CategoryRow]:
        """Read all categories, each after its parent, in one statement."""

    def has_category(self, slug: str) -> bool:
        """Tell whether there is such a category."""

    def add(self, product: Product) -> bool:
        """Insert a product with an empty stock; True as well if this very one (by id) is there already.

        False: the SKU belongs to another product.
        """

    def update(self, product: Product) -> None:
        """Write a product, whose row the caller has locked."""


class CacheKey(msgspec.Struct, frozen=True):
    """A cached answer.

    Attributes
    ----------
    name : str
        Under which it is known in the shared cache.
    local_seconds : float
        How long a process may keep a copy of its own.
    shared_seconds : int
        How long the shared cache keeps it.
    """

    name: str
    local_seconds: float = 0.0
    shared_seconds: int = 300


class Cached(msgspec.Struct, frozen=True):
    """An answer as text, and whether the cache had it."""

    text: str
    hit: bool


class CatalogCache(Protocol):
    """Answers of the catalog. It may vanish at any time: then everything is loaded."""

    def fetch(self, key: CacheKey, load: Callable[[], str]) -> Cached:
        """Give the answer of a key, from the cache or by calling `load`.

        Of many that miss a key at once one loads; the others wait for it, briefly.
        """

    def invalidate(self) -> None:
        """Drop every answer.

        Raises
        ------
        DependencyUnavailable
            If the shared cache is away; this process's copies are dropped even so.
        """

    def forget(self, keys: Sequence[CacheKey]) -> None:
        """Drop some answers; raises as `invalidate` does."""
