"""A transaction over the customers and their orders."""

from shop.bootstrap.work.customers import PostgresCustomersWork
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.identity.account import AccountWork


class PostgresAccountWork(PostgresCustomersWork, PostgresOrdersWork, AccountWork):
    """A transaction over the customers and their orders."""
