"""Ports of the notifications: the mailer, and the record of what was sent."""

from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec


class NotificationKind(StrEnum):
    """What a customer is told about."""

    ORDER_CONFIRMED = "order_confirmed"
    ORDER_SHIPPED = "order_shipped"


class Outcome(StrEnum):
    """What became of a notification."""

    SENT = "sent"
    #: The customer is a guest who left no address.
    NO_ADDRESS = "no_address"
    #: The address cannot be written to; trying again would not help.
    REFUSED = "refused"


class Mail(msgspec.Struct, frozen=True):
    """An e-mail, as plain text and as HTML."""

    subject: str
    text: str
    html: str


class MailRefused(Exception):
    """The mail service will not send this message, now or later."""


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
