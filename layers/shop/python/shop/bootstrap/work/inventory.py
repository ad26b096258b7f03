"""A transaction over the stock."""

from functools import cached_property

from shop.adapters.postgres.inventory import PostgresInventory
from shop.bootstrap.work import PostgresUnitOfWork
from shop.services.inventory.ports import InventoryWork


class PostgresInventoryWork(PostgresUnitOfWork, InventoryWork):
    """A transaction over the stock."""

    @cached_property
    def inventory(self) -> PostgresInventory:
        """Stock and holds."""
        return PostgresInventory(self.transaction, self.events)
