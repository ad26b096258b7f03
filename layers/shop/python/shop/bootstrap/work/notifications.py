"""A transaction over orders and what was e-mailed about them."""

from functools import cached_property

from shop.adapters.postgres.notifications import PostgresNotifications
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.services.notifications.ports import NotificationsWork


class PostgresNotificationsWork(PostgresOrdersWork, NotificationsWork):
    """A transaction over orders and what was e-mailed about them."""

    @cached_property
    def notifications(self) -> PostgresNotifications:
        """What customers were e-mailed."""
        return PostgresNotifications(self.transaction)
