"""A transaction over everything that brings an order on."""

from shop.bootstrap.work.notifications import PostgresNotificationsWork
from shop.bootstrap.work.payments import PostgresPaymentsWork


class PostgresAdvanceWork(PostgresPaymentsWork, PostgresNotificationsWork):
    """A transaction over everything that brings an order on."""
