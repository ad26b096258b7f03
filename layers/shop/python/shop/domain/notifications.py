"""Notifications by e-mail to customers."""

from enum import StrEnum

import msgspec


class NotificationKind(StrEnum):
    """The occasion of a notification."""

    ORDER_CONFIRMED = "order_confirmed"
    ORDER_SHIPPED = "order_shipped"
    RETURN_APPROVED = "return_approved"
    RETURN_REJECTED = "return_rejected"


class Outcome(StrEnum):
    """The outcome of a notification."""

    SENT = "sent"
    #: The customer is a guest without an e-mail address.
    NO_ADDRESS = "no_address"
    #: The mail service rejects the address; a retry would not help.
    REFUSED = "refused"


class Mail(msgspec.Struct, frozen=True):
    """An e-mail, as plain text and as HTML."""

    subject: str
    text: str
    html: str
