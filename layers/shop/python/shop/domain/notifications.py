"""Notifications: what customers are e-mailed about."""

from enum import StrEnum

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
