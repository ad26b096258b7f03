"""Ports of the customers and of the brake on guessing passwords."""

from typing import Protocol
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


class CustomerRepository(Protocol):
    """Customers inside one transaction."""

    def add(self, customer: Customer) -> bool:
        """Insert a customer; True as well if this very one (by id) is there already.

        False: the e-mail address belongs to somebody else.
        """

    def by_email(self, email: str) -> Customer | None:
        """Find a customer by e-mail address (in lower case)."""


class LoginBrake(Protocol):
    """Counts logins that may be guesses, by e-mail address, whether or not it is known."""

    def count(self, email: str) -> None:
        """Count an attempt before its password is looked at.

        Raises
        ------
        TooManyRequests
            After too many attempts without a success.
        DependencyUnavailable
            If the store is away.
        """

    def forget(self, email: str) -> None:
        """Start from zero after a success."""
