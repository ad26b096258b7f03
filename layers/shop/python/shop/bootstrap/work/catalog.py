"""A transaction over the catalog."""

from functools import cached_property

from shop.adapters.postgres.catalog import PostgresProducts
from shop.bootstrap.work import PostgresUnitOfWork
from shop.services.catalog.ports import CatalogWork


class PostgresCatalogWork(PostgresUnitOfWork, CatalogWork):
    """A transaction over the catalog."""

    @cached_property
    def products(self) -> PostgresProducts:
        """Products and categories."""
        return PostgresProducts(self.transaction)
