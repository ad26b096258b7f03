"""Bodies of /api/customers and /api/sessions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from shop.contracts.http.patterns import EMAIL
from shop.domain.sessions import Role

type Email = Annotated[str, msgspec.Meta(max_length=254, pattern=EMAIL)]
type Password = Annotated[str, msgspec.Meta(min_length=8, max_length=256)]


class CreateCustomer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A new customer. The e-mail address is unique regardless of case."""

    email: Email
    password: Password
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CustomerView(msgspec.Struct, frozen=True):
    """A customer."""

    user_id: UUID
    email: str
    name: str


class OpenSession(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Send both fields to log in, neither for a guest session."""

    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=256)] | None = None


class SessionView(msgspec.Struct, frozen=True):
    """A new session; the token is returned only once."""

    token: str
    user_id: UUID
    role: Role
    expires_at: datetime
