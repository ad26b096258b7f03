"""Ports of the customers, their sessions, and the throttles of logins and sign-ups."""

from datetime import datetime
from typing import Protocol

from shop.domain.customers import Customer
from shop.domain.sessions import Session
from shop.services.unit_of_work import UnitOfWork


class CustomerRepository(Protocol):
    """Customers inside one transaction."""

    def add(self, customer: Customer) -> bool:
        """Insert a customer; True as well if this very one (by id) is there already.

        False: the e-mail address belongs to another customer.
        """

    def by_email(self, email: str) -> Customer | None:
        """Find a customer by e-mail address (in lower case)."""


class LoginThrottle(Protocol):
    """Limits logins that may be guesses, whether or not the e-mail address is known.

    It counts the failures of one source for one account, of one source for all accounts, and of all sources
    for one account. The last limit does not apply to a source from which the account's owner has logged in
    lately: whoever guesses from elsewhere does not lock the owner out.
    """

    def count(self, email: str, source: str) -> None:
        """Count an attempt before its password is checked, so that many at once do not slip through.

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
        """Take a successful attempt out of the counts, and remember its source as the account's."""


class SignUpThrottle(Protocol):
    """Limits sign-ups, which answer whether an e-mail address is taken."""

    def count(self, source: str) -> None:
        """Count an attempt of a source, given by its IP address.

        Raises
        ------
        TooManyRequests
            After too many attempts.
        DependencyUnavailable
            If the store is unavailable.
        """


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
            If the store is unavailable.
        """

    def open(self, session: Session) -> tuple[str, datetime]:
        """Begin a session and give its token and the time at which it ends."""

    def close(self, token: str) -> None:
        """End a session; ending it again is not an error."""


class CustomersWork(UnitOfWork, Protocol):
    """A transaction over the customers."""

    @property
    def customers(self) -> CustomerRepository:
        """Customers."""
