"""A transaction over the customers."""

from functools import cached_property

from shop.adapters.postgres.customers import PostgresCustomers
from shop.bootstrap.work import PostgresUnitOfWork
from shop.services.identity.ports import CustomersWork


class PostgresCustomersWork(PostgresUnitOfWork, CustomersWork):
    """A transaction over the customers."""

    @cached_property
    def customers(self) -> PostgresCustomers:
        """Customers."""
        return PostgresCustomers(self.transaction)
