"""A transaction over orders and the links to them."""

from functools import cached_property

from shop.adapters.postgres.links import PostgresLinks
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.orders.ports import LinkedOrdersWork


class PostgresLinkedOrdersWork(PostgresOrdersWork, LinkedOrdersWork):
    """A transaction over orders and the links to them."""

    @cached_property
    def links(self) -> PostgresLinks:
        """Links by e-mail."""
        return PostgresLinks(self.transaction)
