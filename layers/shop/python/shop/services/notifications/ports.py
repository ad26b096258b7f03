"""Ports of the notifications: the mail service, and the record of e-mails."""

from typing import Protocol
from uuid import UUID

from shop.domain.notifications import Mail, NotificationKind, Outcome
from shop.services.orders.ports import OrdersWork


class Mailer(Protocol):
    """The mail service."""

    def send(self, recipient: str, mail: Mail, correlation_id: UUID) -> str:
        """Send an e-mail that carries the order's correlation id; return the service's message id.

        Raises
        ------
        MailRefused
            If a retry would not help.
        DependencyUnavailable
            If the service is unavailable or throttles requests.
        """


class NotificationLog(Protocol):
    """The record of e-mails to customers, inside a transaction that has locked the order's row."""

    def was_sent(
        self, order_id: UUID, kind: NotificationKind, return_id: UUID | None = None
    ) -> bool:
        """Return whether a notification was recorded, whatever its outcome."""

    def record(
        self,
        order_id: UUID,
        kind: NotificationKind,
        recipient: str | None,
        outcome: Outcome,
        message_id: str | None,
        *,
        return_id: UUID | None = None,
    ) -> None:
        """Record the outcome of a notification, once per order, kind and return."""


class NotificationsWork(OrdersWork, Protocol):
    """A transaction over orders and the record of e-mails about them."""

    @property
    def notifications(self) -> NotificationLog:
        """The record of e-mails to customers."""
