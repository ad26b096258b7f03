"""Bodies of /api/customers and /api/sessions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from shop.contracts.http.patterns import EMAIL
from shop.contracts.http.second_factors import SecondFactorCode
from shop.domain.sessions import Role

type Email = Annotated[str, msgspec.Meta(max_length=254, pattern=EMAIL)]
type Password = Annotated[str, msgspec.Meta(min_length=8, max_length=256)]


type Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CreateCustomer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A new customer. The e-mail address is unique regardless of case."""

    email: Email
    password: Password
    name: Name


class CustomerView(msgspec.Struct, frozen=True):
    """A customer."""

    user_id: UUID
    email: str
    name: str


class OpenSession(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Send e-mail address and password to log in, neither for a guest session.

    Attributes
    ----------
    code : str or None
        Of the second factor, for members of staff who have one: a one-time code or a recovery code.
    """

    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=256)] | None = None
    code: SecondFactorCode | None = None


class SessionView(msgspec.Struct, frozen=True):
    """A new session; the token is returned only once.

    Attributes
    ----------
    second_factor_enrolment_required : bool
        The account is one of staff and needs a second factor, which it does not have: until it has enrolled
        and logged in again, its role is that of a customer.
    """

    token: str
    user_id: UUID
    role: Role
    expires_at: datetime
    second_factor_enrolment_required: bool = False


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Response of GET and PATCH /api/customers/me.

    Attributes
    ----------
    email_verified : bool
        Whether the customer has followed a link that was sent to this address.
    pending_email : str or None
        A new address that was sent a link; it replaces the present one once the link is followed.
    """

    user_id: UUID
    email: str
    name: str
    email_verified: bool
    pending_email: str | None = None


class ChangeProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of PATCH /api/customers/me. E-mail address and password change with the present password only."""

    name: Name | None = None
    email: Email | None = None
    password: Password | None = None
    current_password: Annotated[str, msgspec.Meta(max_length=256)] | None = None


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of the customer; `session_id` is no token."""

    session_id: str
    opened_at: datetime
    expires_at: datetime
    current: bool


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """Response of GET /api/customers/me/sessions, the newest first."""

    sessions: list[OpenedSession]


class RequestPasswordReset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/password-resets."""

    email: Email


class ResetPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/password-resets/{token}."""

    password: Password


class RequestVerification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/customers/verification; it has no fields."""


class LinkAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """Response of every request for a link by e-mail, whether or not there is somebody to send it to."""

    detail: str
