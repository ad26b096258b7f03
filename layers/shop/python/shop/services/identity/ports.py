"""Ports of the customers, their sessions, and the throttles of logins and sign-ups."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from shop.domain.customer_addresses import StoredAddress
from shop.domain.customers import Customer
from shop.domain.links import Link, LinkKind
from shop.domain.second_factors import SecondFactor
from shop.domain.sessions import Session, StoredSession
from shop.services.unit_of_work import UnitOfWork


class CustomerRepository(Protocol):
    """Customers inside one transaction."""

    def add(self, customer: Customer) -> bool:
        """Insert a customer; return True also if this customer (by id) already exists.

        False if the e-mail address belongs to another customer.
        """

    def by_email(self, email: str) -> Customer | None:
        """Find a customer by e-mail address (in its normal form)."""

    def by_id(self, customer_id: UUID, *, lock: bool = False) -> Customer | None:
        """Find a customer; `lock` locks the row until the transaction ends."""

    def rename(self, customer_id: UUID, name: str) -> None:
        """Change the name."""

    def set_password(self, customer_id: UUID, password_hash: str) -> None:
        """Change the password, and use up all links to a new one."""

    def verify_email(self, customer_id: UUID, email: str) -> bool:
        """Record that the customer reads an address, which becomes that of the account.

        Returns
        -------
        bool
            False, with nothing changed, if the address belongs to another customer.
        """

    def take_orders(self, guest_id: UUID, customer_id: UUID) -> int:
        """Make a guest's orders the customer's; return their number. A repeated call finds none.

        One statement, which may run in autocommit mode.
        """

    def orders_in_progress(self, customer_id: UUID) -> Sequence[UUID]:
        """List the customer's orders that are neither delivered nor cancelled, the oldest first."""

    def scrub(self, customer_id: UUID) -> None:
        """Remove what identifies the customer from the account, its orders, e-mails and links.

        Amounts, products and statuses stay; of an order's address its country and region do. The addresses
        that the customer keeps and the stored answers to the customer's requests are deleted.
        """


class AddressRepository(Protocol):
    """Addresses that customers keep, inside one transaction."""

    def of_customer(self, customer_id: UUID) -> Sequence[StoredAddress]:
        """List a customer's addresses, the newest first."""

    def add(self, address_id: UUID, customer_id: UUID, address: Mapping[str, str]) -> None:
        """Insert an address that is not the default."""

    def change(self, address_id: UUID, address: Mapping[str, str]) -> None:
        """Replace the fields of an address."""

    def set_default(self, customer_id: UUID, address_id: UUID | None) -> None:
        """Make an address the customer's only default; None: the customer has none."""

    def delete(self, address_id: UUID) -> None:
        """Delete an address."""


class LinkRepository(Protocol):
    """Links by e-mail, inside one transaction; only digests of their tokens are stored."""

    def add(self, link: Link, lifetime: timedelta) -> None:
        """Record that a link was asked for."""

    def lock_unsent(self, link_id: UUID) -> Link | None:
        """Lock a link that was not sent yet and has not expired."""

    def order_of(self, link: Link) -> UUID | None:
        """Find the order with the link's number and e-mail address."""

    def issue(self, link: Link, token_digest: bytes) -> None:
        """Store the token's digest, and whom or what the link is for."""

    def refused(self, link: Link) -> None:
        """Record that the mail service refuses the link's address."""

    def delivered(self, link: Link) -> None:
        """Record that the mail service accepts the address, also of earlier links of this kind."""

    def use(self, kind: LinkKind, token_digest: bytes) -> Link | None:
        """Use a link up; None if it does not exist, has expired or was used before."""


class SecondFactorRepository(Protocol):
    """Second factors inside one transaction."""

    def of_customer(self, customer_id: UUID) -> SecondFactor | None:
        """Find an account's second factor, confirmed or not."""

    def begin(self, factor: SecondFactor) -> bool:
        """Store a second factor in place of one that is not confirmed; False if there is one that is."""

    def confirm(self, factor: SecondFactor, step: int, recovery_digests: Sequence[bytes]) -> bool:
        """Confirm a second factor by the code of a time step; False if it was confirmed or replaced."""

    def use_step(self, factor: SecondFactor, step: int) -> bool:
        """Use up the codes up to a time step; False if that step's was used, or the factor has changed.

        Of simultaneous calls with one step, one returns True.
        """

    def use_recovery_code(self, customer_id: UUID, digest: bytes) -> bool:
        """Use up a recovery code; False if there is none with this digest, or it was used."""

    def remove(self, customer_id: UUID) -> bool:
        """Delete an account's second factor and recovery codes; False if there is none."""


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
    """Limits sign-ups, which reveal whether an e-mail address is registered, and whose hashing is costly."""

    def admit(self, source: str) -> None:
        """Count a request whose password is hashed to compare it with an earlier one; raises as `count`."""

    def count(self, source: str) -> None:
        """Count an attempt from an IP address.

        Raises
        ------
        TooManyRequests
            After too many attempts.
        DependencyUnavailable
            If the store is unavailable.
        """


class GuestThrottle(Protocol):
    """Limits guest sessions, which cost whoever opens them nothing."""

    def count(self, source: str) -> None:
        """Count a guest session, by the caller's IP address.

        Raises
        ------
        TooManyRequests
            After too many sessions.
        DependencyUnavailable
            If the store is unavailable.
        """


class LinkThrottle(Protocol):
    """Limits requests for links by e-mail, whether or not there is somebody to send them to."""

    def count(self, email: str, source: str) -> None:
        """Count a request, by the address and by the caller's IP address.

        Raises
        ------
        TooManyRequests
            After too many requests.
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

    def list(self, user_id: UUID, token: str) -> Sequence[StoredSession]:
        """List a customer's sessions, the newest first; the token's is marked as the current one."""

    def close_all(self, user_id: UUID, *, keep: str | None = None) -> None:
        """End a customer's sessions, but not the one of the token `keep`."""


class CustomersWork(UnitOfWork, Protocol):
    """A transaction over the customers."""

    @property
    def customers(self) -> CustomerRepository:
        """Customers."""


class SecondFactorsWork(CustomersWork, Protocol):
    """A transaction over the customers and their second factors."""

    @property
    def second_factors(self) -> SecondFactorRepository:
        """Second factors."""


class LinksWork(CustomersWork, Protocol):
    """A transaction over the customers and the links that they are sent."""

    @property
    def links(self) -> LinkRepository:
        """Links by e-mail."""


class AddressesWork(CustomersWork, Protocol):
    """A transaction over the customers and the addresses that they keep."""

    @property
    def addresses(self) -> AddressRepository:
        """Addresses."""
