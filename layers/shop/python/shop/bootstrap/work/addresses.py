"""A transaction over the customers and the addresses that they keep."""

from functools import cached_property

from shop.adapters.postgres.addresses import PostgresAddresses
from shop.bootstrap.work.customers import PostgresCustomersWork
from shop.services.identity.ports import AddressesWork


class PostgresAddressesWork(PostgresCustomersWork, AddressesWork):
    """A transaction over the customers and the addresses that they keep."""

    @cached_property
    def addresses(self) -> PostgresAddresses:
        """Addresses."""
        return PostgresAddresses(self.transaction)
