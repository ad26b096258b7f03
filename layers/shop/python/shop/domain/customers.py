"""Registered customers."""

from uuid import UUID

import msgspec

from shop.domain.sessions import Role


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A person who logs in with e-mail address and password.

    Attributes
    ----------
    email : str
        In lower case.
    """

    user_id: UUID
    email: str
    name: str
    password_hash: str
    role: Role = Role.CUSTOMER
