"""A transaction over returns and the links to their orders."""

from functools import cached_property

from shop.adapters.postgres.links import PostgresLinks
from shop.bootstrap.work.returns import PostgresReturnsWork
from shop.services.returns.ports import ReturnRequestsWork


class PostgresReturnRequestsWork(PostgresReturnsWork, ReturnRequestsWork):
    """A transaction over returns and the links to their orders."""

    @cached_property
    def links(self) -> PostgresLinks:
        """Links by e-mail."""
        return PostgresLinks(self.transaction)
