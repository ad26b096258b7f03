"""A transaction that prices carts."""

from functools import cached_property

from shop.adapters.postgres.price_book import PostgresPriceBook
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.services.orders.ports import QuoteWork


class PostgresQuoteWork(PostgresCatalogWork, QuoteWork):
    """A transaction that prices carts."""

    @cached_property
    def prices(self) -> PostgresPriceBook:
        """Current prices and shipping rates."""
        return PostgresPriceBook(self.transaction)
