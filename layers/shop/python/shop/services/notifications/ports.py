"""Ports of the notifications: the mailer, and the record of what was sent."""

from typing import Protocol
from uuid import UUID

from shop.domain.notifications import Mail, NotificationKind, Outcome
from shop.services.orders.ports import OrdersWork


class Mailer(Protocol):
    """The mail service."""

    def send(self, recipient: str, mail: Mail) -> str:
        """Send an e-mail and give the service's id of it.

        Raises
        ------
        MailRefused
            If trying again would not help.
        DependencyUnavailable
            If the service is unavailable or throttles.
        """


class NotificationLog(Protocol):
    """What customers were e-mailed, inside a transaction that has locked the order's row."""

    def was_sent(self, order_id: UUID, kind: NotificationKind) -> bool:
        """Tell whether a notification was recorded, whatever became of it."""

    def record(
        self,
        order_id: UUID,
        kind: NotificationKind,
        recipient: str | None,
        outcome: Outcome,
        message_id: str | None,
    ) -> None:
        """Record what became of a notification; once an order and kind."""


class NotificationsWork(OrdersWork, Protocol):
    """A transaction over orders and what was e-mailed about them."""

    @property
    def notifications(self) -> NotificationLog:
        """What customers were e-mailed."""
