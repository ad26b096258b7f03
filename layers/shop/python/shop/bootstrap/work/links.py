"""A transaction over the customers and the links that they are sent."""

from functools import cached_property

from shop.adapters.postgres.links import PostgresLinks
from shop.bootstrap.work.customers import PostgresCustomersWork
from shop.services.identity.ports import LinksWork


class PostgresLinksWork(PostgresCustomersWork, LinksWork):
    """A transaction over the customers and the links that they are sent."""

    @cached_property
    def links(self) -> PostgresLinks:
        """Links by e-mail."""
        return PostgresLinks(self.transaction)
