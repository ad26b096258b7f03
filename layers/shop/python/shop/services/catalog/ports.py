"""Ports of the catalog: products and categories, and the cache in front of them."""

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from shop.domain.catalog import CategoryRow, Offer, Product, Sort
from shop.domain.cursors import Place
from shop.services.catalog.caching import Cached, CacheKey
from shop.services.unit_of_work import UnitOfWork


class ProductRepository(Protocol):
    """Products and categories inside one transaction."""

    def get(self, product_id: UUID, *, lock: bool = False) -> Product | None:
        """Read a product, active or not; `lock` locks its row until the transaction ends."""

    def page(
        self,
        category: str | None,
        sort: Sort,
        limit: int,
        offset: int = 0,
        after: Place | None = None,
    ) -> tuple[Sequence[Product], int] | None:
        """Read active products of a category and the categories below it, and their total number.

        Takes at most two statements. None if the category does not exist.

        Parameters
        ----------
        after : Place, optional
            Only products that come after this one in the order of the sort.
        """

    def offers(self, product_ids: Sequence[UUID]) -> dict[UUID, Offer]:
        """Read offers in one statement; unknown products are missing from the answer."""

    def categories(self) -> Sequence[CategoryRow]:
        """Read all categories, each after its parent, in one statement."""

    def has_category(self, slug: str) -> bool:
        """Return whether a category exists."""

    def add(self, product: Product) -> bool:
        """Insert a product with no stock; return True also if this product (by id) already exists.

        False if the SKU belongs to another product.
        """

    def update(self, product: Product) -> bool:
        """Update a product whose row the caller has locked.

        False, with nothing changed, if it is active and another active product has its SKU.
        """

    def holder(self, sku: str) -> UUID | None:
        """Return the active product that has a SKU."""

    def find(
        self,
        *,
        active: bool | None,
        sku: str | None,
        words: Sequence[str],
        limit: int,
        after: Place | None,
    ) -> Sequence[Product]:
        """Read products for staff, active or not, newest first.

        Parameters
        ----------
        sku : str, optional
            A part of the SKU, as `shop.domain.scripts.plain_sku` returns it.
        words : sequence of str
            Beginnings of words of the name, as `shop.domain.search.typed_words` returns them.
        """

    def add_category(self, slug: str, name: str, parent: str | None) -> bool | None:
        """Insert a category; False if the slug is taken, None if there is no such parent."""

    def rename_category(self, slug: str, name: str) -> str | None:
        """Change a category's name and return the earlier one; None if there is no such category."""

    def remove_category(self, slug: str) -> bool | None:
        """Delete a category; False if products or categories belong to it, None if it does not exist."""


class CatalogCache(Protocol):
    """Cached answers of the catalog. While it is unavailable, every answer is loaded."""

    def fetch(self, key: CacheKey, load: Callable[[], str]) -> Cached:
        """Return the answer for a key, from the cache or by calling `load`.

        If several callers miss a key at once, one loads the answer and the others wait briefly for it.
        """

    def invalidate(self) -> None:
        """Drop every answer.

        Raises
        ------
        DependencyUnavailable
            If the shared cache is unavailable; this process's copies are dropped nevertheless.
        """

    def invalidate_keys(self, keys: Sequence[CacheKey]) -> None:
        """Drop the answers of some keys; raise as `invalidate` does."""


class CatalogWork(UnitOfWork, Protocol):
    """A transaction over the catalog."""

    @property
    def products(self) -> ProductRepository:
        """Products and categories."""
