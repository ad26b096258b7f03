"""A transaction over returns, the refunds of their units, and the orders."""

from functools import cached_property

from shop.adapters.postgres.returns import PostgresReturns
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.services.returns.ports import ReturnsWork


class PostgresReturnsWork(PostgresPaymentsWork, ReturnsWork):
    """A transaction over returns, the refunds of their units, and the orders."""

    @cached_property
    def returns(self) -> PostgresReturns:
        """Returns."""
        return PostgresReturns(self.transaction)
