"""Ports of the notifications: the mailer, and the record of what was sent."""

from typing import Protocol
from uuid import UUID

from shop.domain.notifications import Mail, NotificationKind, Outcome


class Mailer(Protocol):
    """The mail service."""

    def send(self, recipient: str, mail: Mail) -> str:
        """Send an e-mail and give the service's id of it.

        Raises
        ------
        MailRefused
            If trying again would not help.
        DependencyUnavailable
            If the service is away or throttles.
        """


class NotificationLog(Protocol):
    """What customers were told, inside one transaction."""

    def begin(
        self, order_id: UUID, kind: NotificationKind, recipient: str | None
    ) -> Outcome | None:
        """Lock the row of a notification, made if need be, until the transaction ends.

        Returns
        -------
        Outcome or None
            What became of it earlier; None: it is this transaction's to send.
        """

    def finish(
        self, order_id: UUID, kind: NotificationKind, outcome: Outcome, message_id: str | None
    ) -> None:
        """Record what became of it."""
