"""A transaction that prices and places orders."""

from functools import cached_property

from shop.adapters.postgres.price_book import PostgresPriceBook
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.orders.ports import PlacementWork


class PostgresPlacementWork(PostgresOrdersWork, PlacementWork):
    """A transaction that prices and places orders."""

    @cached_property
    def prices(self) -> PostgresPriceBook:
        """Current prices and shipping rates."""
        return PostgresPriceBook(self.transaction)
