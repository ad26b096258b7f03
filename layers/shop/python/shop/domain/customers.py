"""Registered customers and e-mail addresses."""

import unicodedata
from datetime import datetime
from uuid import UUID

import msgspec

from shop.domain.errors import InvalidRequest
from shop.domain.sessions import Role


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A person who logs in with e-mail address and password.

    Attributes
    ----------
    email : str
        As `normal_email` writes it.
    email_verified_at : datetime or None
        Since when the customer is known to read this address.
    """

    user_id: UUID
    email: str
    name: str
    password_hash: str
    role: Role = Role.CUSTOMER
    email_verified_at: datetime | None = None


def normal_email(text: str) -> str:
    """Return the one form in which an e-mail address is stored and compared.

    Without surrounding spaces, in lower case and composed (Unicode NFC); an internationalised domain in
    Unicode, however it was written.

    >>> normal_email(" Ada@XN--MNCHEN-3YA.example ")
    'ada@münchen.example'

    Raises
    ------
    ValueError
        If the domain is not a valid internationalised name.
    """
    local, _, domain = unicodedata.normalize("NFC", text.strip()).lower().rpartition("@")
    if not domain.isascii() or "xn--" in domain:
        # Two domains that IDNA 2003 maps to one, such as straße and strasse, may have two owners.
        readable = domain.encode("idna").decode("idna")
        if not domain.isascii() and readable != domain:
            raise ValueError("the domain has no unambiguous form")
        domain = readable
    return f"{local}@{domain}"


def checked_email(text: str, field: str) -> str:
    """Return the normal form of an address; raise `InvalidRequest` naming the field if it has none."""
    try:
        return normal_email(text)
    except ValueError as error:
        raise InvalidRequest.field(field, "must be an e-mail address") from error


def deliverable_email(email: str) -> str:
    """Return an address with its domain in ASCII, as mail services expect it."""
    local, _, domain = email.rpartition("@")
    return email if domain.isascii() else f"{local}@{domain.encode('idna').decode()}"
