"""Customers: people with a password."""

from uuid import UUID

import msgspec

from shop.domain.sessions import Role


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a password.

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
