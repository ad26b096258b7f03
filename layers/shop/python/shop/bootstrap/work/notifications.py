"""A transaction over orders and the record of e-mails about them."""

from functools import cached_property

from shop.adapters.postgres.notifications import PostgresNotifications
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.notifications.ports import NotificationsWork


class PostgresNotificationsWork(PostgresOrdersWork, NotificationsWork):
    """A transaction over orders and the record of e-mails about them."""

    @cached_property
    def notifications(self) -> PostgresNotifications:
        """The record of e-mails to customers."""
        return PostgresNotifications(self.transaction)
