"""Single-use links that are sent by e-mail: to an order, to a new password, to verify an address."""

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.errors import NotFound

_TOKEN_BYTES: Final = 32


class LinkKind(StrEnum):
    """What a link is for."""

    ORDER = "order"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a kind
    VERIFICATION = "verification"


#: How long a link is valid after it was asked for.
LIFETIMES: Final = {
    LinkKind.ORDER: timedelta(hours=24),
    LinkKind.PASSWORD_RESET: timedelta(minutes=30),
    LinkKind.VERIFICATION: timedelta(hours=24),
}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link that was asked for.

    Attributes
    ----------
    email : str
        Where it is sent.
    order_number : str or None
        Of kind ORDER: as the caller gave it, whether or not there is such an order.
    order_id : UUID or None
        Of kind ORDER: the order, once the link is sent.
    customer_id : UUID or None
        Of the other kinds: the customer, once the link is sent.
    """

    link_id: UUID
    kind: LinkKind
    email: str
    order_number: str | None = None
    order_id: UUID | None = None
    customer_id: UUID | None = None


def link_not_found() -> NotFound:
    """Create the refusal of a link that was used, has expired, or never existed."""
    return NotFound("The link was used before, or has expired.", code="link_not_found")


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()
