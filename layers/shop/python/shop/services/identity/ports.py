"""Ports of the customers and of the throttle of guessed passwords."""

from datetime import datetime
from typing import Protocol

from shop.domain.customers import Customer
from shop.domain.sessions import Session


class CustomerRepository(Protocol):
    """Customers inside one transaction."""

    def add(self, customer: Customer) -> bool:
        """Insert a customer; True as well if this very one (by id) is there already.

        False: the e-mail address belongs to somebody else.
        """

    def by_email(self, email: str) -> Customer | None:
        """Find a customer by e-mail address (in lower case)."""


class LoginThrottle(Protocol):
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


class SessionStore(Protocol):
    """Sessions by bearer token; only a digest of the token is ever stored."""

    def authenticate(self, token: str) -> Session:
        """Find the session of a token and count the request against its rate limit, in one round trip.

        Raises
        ------
        Unauthenticated
            If the token is unknown or its session has ended (code ``session_expired``).
        TooManyRequests
            If the session's rate limit is used up.
        DependencyUnavailable
            If the store is away.
        """

    def open(self, session: Session) -> tuple[str, datetime]:
        """Begin a session and give its token and the time at which it ends."""

    def close(self, token: str) -> None:
        """End a session; ending it again is not an error."""
