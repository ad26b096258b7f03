"""A transaction over the tax and shipping rates."""

from functools import cached_property

from shop.adapters.postgres.rates import PostgresRates
from shop.bootstrap.work import PostgresUnitOfWork
from shop.services.orders.ports import RatesWork


class PostgresRatesWork(PostgresUnitOfWork, RatesWork):
    """A transaction over the tax and shipping rates."""

    @cached_property
    def rates(self) -> PostgresRates:
        """Tax and shipping rates."""
        return PostgresRates(self.transaction)
