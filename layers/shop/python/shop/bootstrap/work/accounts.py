"""A transaction over the customers, their addresses and their orders."""

from shop.bootstrap.work.addresses import PostgresAddressesWork
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.identity.account import AccountWork


class PostgresAccountWork(PostgresAddressesWork, PostgresOrdersWork, AccountWork):
    """A transaction over the customers, their addresses and their orders."""
