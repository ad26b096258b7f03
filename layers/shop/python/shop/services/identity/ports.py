"""Ports of the customers, their sessions, and the throttles of logins and sign-ups."""

from datetime import datetime
from typing import Protocol

from shop.domain.customers import Customer
from shop.domain.sessions import Session
from shop.services.unit_of_work import UnitOfWork


class CustomerRepository(Protocol):
    """Customers inside one transaction."""

    def add(self, customer: Customer) -> bool:
        """Insert a customer; return True also if this customer (by id) already exists.

        False if the e-mail address belongs to another customer.
        """

    def by_email(self, email: str) -> Customer | None:
        """Find a customer by e-mail address (in lower case)."""


class LoginThrottle(Protocol):
    """Limits failed logins, whether or not the e-mail address is registered.

    It counts the failures of one source for one account, of one source for all accounts, and of all sources
    for one account. The last limit does not apply to a source from which the account's owner has recently
    logged in, so that an attacker elsewhere cannot lock the owner out.
    """

    def count(self, email: str, source: str) -> None:
        """Count an attempt before its password is checked, so that parallel ones count too.

        Parameters
        ----------
        source : str
            The caller's IP address.

        Raises
        ------
        TooManyRequests
            After too many attempts without a success.
        DependencyUnavailable
            If the store is unavailable.
        """

    def succeed(self, email: str, source: str) -> None:
        """Subtract a successful attempt from the counts, and remember its source as one of the account's."""


class SignUpThrottle(Protocol):
    """Limits sign-ups, which reveal whether an e-mail address is registered."""

    def count(self, source: str) -> None:
        """Count an attempt from an IP address.

        Raises
        ------
        TooManyRequests
            After too many attempts.
        DependencyUnavailable
            If the store is unavailable.
        """


class SessionStore(Protocol):
    """Sessions by bearer token; only a digest of the token is stored."""

    def authenticate(self, token: str) -> Session:
        """Find the session of a token and count the request against its rate limit, in one round trip.

        Raises
        ------
        Unauthenticated
            If the token is unknown or its session has ended (code ``session_expired``).
        TooManyRequests
            If the session's rate limit is used up.
        DependencyUnavailable
            If the store is unavailable.
        """

    def open(self, session: Session) -> tuple[str, datetime]:
        """Open a session; return its token and the time at which it expires."""

    def close(self, token: str) -> None:
        """End a session. Ending it again is not an error."""


class CustomersWork(UnitOfWork, Protocol):
    """A transaction over the customers."""

    @property
    def customers(self) -> CustomerRepository:
        """Customers."""
