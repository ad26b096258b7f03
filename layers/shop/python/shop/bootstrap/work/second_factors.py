"""A transaction over the customers and their second factors."""

from functools import cached_property

from shop.adapters.postgres.second_factors import PostgresSecondFactors
from shop.bootstrap.work.customers import PostgresCustomersWork
from shop.services.identity.ports import SecondFactorsWork


class PostgresSecondFactorsWork(PostgresCustomersWork, SecondFactorsWork):
    """A transaction over the customers and their second factors."""

    @cached_property
    def second_factors(self) -> PostgresSecondFactors:
        """Second factors."""
        return PostgresSecondFactors(self.transaction)
