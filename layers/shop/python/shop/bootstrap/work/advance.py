"""A transaction over all repositories that advancing an order needs."""

from shop.bootstrap.work.notifications import PostgresNotificationsWork
from shop.bootstrap.work.payments import PostgresPaymentsWork


class PostgresAdvanceWork(PostgresPaymentsWork, PostgresNotificationsWork):
    """A transaction over all repositories that advancing an order needs."""
