"""Ports of the catalog: products and categories, and the cache before them."""

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from shop.domain.catalog import CategoryRow, Offer, Product, Sort
from shop.services.catalog.caching import Cached, CacheKey
from shop.services.unit_of_work import UnitOfWork


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
            If the shared cache is unavailable; this process's copies are dropped even so.
        """

    def forget(self, keys: Sequence[CacheKey]) -> None:
        """Drop some answers; raises as `invalidate` does."""


class CatalogWork(UnitOfWork, Protocol):
    """A transaction over the catalog."""

    @property
    def products(self) -> ProductRepository:
        """Products and categories."""
