"""Customers and sessions."""

from uuid import UUID

from shop.contracts.http.identity import (
    CreateCustomer,
    CustomerView,
    OpenedSession,
    OpenSession,
    SessionList,
    SessionView,
)
from shop.domain.customers import Customer, checked_email, normal_email
from shop.domain.errors import Conflict, FieldError, InvalidRequest, NotFound, Unauthenticated
from shop.domain.ids import new_id
from shop.domain.passwords import hash_password, verify_password
from shop.domain.sessions import Role, Session
from shop.services.cart.ports import CartStore
from shop.services.identity.account import AccountWork
from shop.services.identity.guests import take_over
from shop.services.identity.ports import (
    CustomersWork,
    GuestThrottle,
    LoginThrottle,
    SessionStore,
    SignUpThrottle,
)
from shop.services.unit_of_work import OpenReading, OpenTransaction, OpenUnitOfWork


def create_customer(
    throttle: SignUpThrottle,
    write: OpenTransaction[CustomersWork],
    customer_id: UUID,
    command: CreateCustomer,
    *,
    guest: Session | None,
    source: str,
    password_hash: str | None = None,
) -> CustomerView:
    """Register a customer, whose orders as a guest become the account's.

    Sign-ups fail while the throttle's store is unavailable: otherwise an attacker could lift the limit by
    causing an outage. The customer could not log in anyway, because sessions are in the same store.

    Parameters
    ----------
    guest : Session or None
        The session sent with the request. The orders move only if it is a guest's, and once.
    source : str
        The caller's IP address.
    password_hash : str, optional
        The hash of the password, if it has been computed: a sign-up hashes once.

    Raises
    ------
    Conflict
        ``email_taken``.
    TooManyRequests
        After too many sign-ups from this source.
    DependencyUnavailable
        If a store is unavailable.
    """
    throttle.count(source)
    customer = Customer(
        user_id=customer_id,
        email=checked_email(command.email, "email"),
        name=command.name.strip(),
        password_hash=password_hash or hash_password(command.password),
    )
    if not customer.name:
        raise InvalidRequest.field("name", "must not be blank")
    with write() as unit:
        if not unit.customers.add(customer):
            raise Conflict("Another customer has this e-mail address.", code="email_taken")
        if guest is not None and guest.role is Role.GUEST:
            unit.customers.take_orders(guest.user_id, customer.user_id)
    return CustomerView(user_id=customer.user_id, email=customer.email, name=customer.name)


def open_session(
    sessions: SessionStore,
    throttle: LoginThrottle,
    carts: CartStore,
    read: OpenReading[CustomersWork],
    command: OpenSession,
    *,
    guests: GuestThrottle,
    write: OpenTransaction[AccountWork],
    guest: Session | None,
    source: str,
) -> SessionView:
    """Open a session for a guest, or for the customer with this e-mail address and password.

    Parameters
    ----------
    guest : Session or None
        The session sent with the request. If it is a guest's, the guest's cart is merged into the customer's,
        and the guest's orders become the customer's. A repeated login moves nothing twice.
    source : str
        The caller's IP address.

    Raises
    ------
    Unauthenticated
        ``invalid_credentials``; an unknown e-mail address gets the same answer after the same time.
    TooManyRequests
        After too many wrong passwords from this source or for this e-mail address, or too many guest sessions
        from this source.
    """
    if command.email is None and command.password is None:
        guests.count(source)
        return _begin(sessions, Session(new_id(), Role.GUEST))
    if command.email is None or command.password is None:
        missing = "email" if command.email is None else "password"
        raise InvalidRequest(
            "A login needs both e-mail and password.", errors=[FieldError(missing, "is missing")]
        )
    email = _lenient(command.email)
    customer = _check_password(throttle, read, email, command.password, source)
    if guest is not None and guest.role is Role.GUEST:
        take_over(carts, write, guest.user_id, customer.user_id)
    session = _begin(sessions, Session(customer.user_id, customer.role, customer.email))
    with read() as unit:
        now = unit.customers.by_id(customer.user_id)
    if now is None or now.password_hash != customer.password_hash:
        # It was changed meanwhile, which ended the sessions that were open then.
        sessions.close(session.token)
        raise _wrong_credentials()
    return session


def _lenient(email: str) -> str:
    """Return the normal form of what was sent as an address; what has none is nobody's."""
    try:
        return normal_email(email)
    except ValueError:
        return email


def close_session(sessions: SessionStore, token: str | None) -> None:
    """End a session. Ending it again is not an error.

    Raises
    ------
    Unauthenticated
        If no token was sent.
    """
    if token is None:
        raise Unauthenticated("Send Authorization: Bearer <token>.")
    sessions.close(token)


def revoke_sessions(
    sessions: SessionStore, open_unit_of_work: OpenUnitOfWork[CustomersWork], customer_id: UUID
) -> None:
    """End all sessions of an account, on behalf of staff.

    Raises
    ------
    NotFound
        ``customer_not_found``.
    """
    with open_unit_of_work() as work:
        if work.customers.by_id(customer_id) is None:
            raise NotFound(f"There is no customer {str(customer_id)!r}.", code="customer_not_found")
        work.audit("sessions.ended", "customer", customer_id)
        # Before the commit, so that nothing is recorded that did not happen.
        sessions.close_all(customer_id)


def list_sessions(sessions: SessionStore, customer: Session, token: str) -> SessionList:
    """List the customer's sessions."""
    found = sessions.list(customer.user_id, token)
    return SessionList(
        sessions=[
            OpenedSession(
                session_id=session.session_id,
                opened_at=session.opened_at,
                expires_at=session.expires_at,
                current=session.current,
            )
            for session in found
        ]
    )


def _check_password(
    throttle: LoginThrottle,
    read: OpenReading[CustomersWork],
    email: str,
    password: str,
    source: str,
) -> Customer:
    throttle.count(email, source)
    with read() as unit:
        customer = unit.customers.by_email(email)
    known = verify_password(password, customer.password_hash if customer else None)
    if customer is None or not known:
        raise _wrong_credentials()
    throttle.succeed(email, source)
    return customer


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated(
        "The e-mail address or the password is wrong.", code="invalid_credentials"
    )


def _begin(sessions: SessionStore, session: Session) -> SessionView:
    token, expires_at = sessions.open(session)
    return SessionView(token, session.user_id, session.role, expires_at)
