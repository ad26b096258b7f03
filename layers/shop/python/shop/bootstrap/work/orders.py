"""A transaction over orders and the stock that they hold."""

from functools import cached_property

from shop.adapters.postgres.orders import PostgresOrders
from shop.bootstrap.work.inventory import PostgresInventoryWork
from shop.services.orders.ports import OrdersWork


class PostgresOrdersWork(PostgresInventoryWork, OrdersWork):
    """A transaction over orders and the stock that they hold."""

    @cached_property
    def orders(self) -> PostgresOrders:
        """Orders."""
        return PostgresOrders(self.transaction, self.events)
