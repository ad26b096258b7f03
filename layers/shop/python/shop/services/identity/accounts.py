"""Sign-up, and the sessions of an account."""

from uuid import UUID

from shop.contracts.http.identity import CreateCustomer, CustomerView, OpenedSession, SessionList
from shop.domain.customers import Customer, checked_email
from shop.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound, Unauthenticated
from shop.domain.passwords import hash_password
from shop.domain.second_factors import second_factor_not_found
from shop.domain.sessions import Role, Session
from shop.services.identity.ports import (
    CustomersWork,
    SecondFactorsWork,
    SessionStore,
    SignUpThrottle,
)
from shop.services.unit_of_work import OpenTransaction, OpenUnitOfWork


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
        _check_exists(work, customer_id)
        work.audit("sessions.ended", "customer", customer_id)
        # Before the commit, so that nothing is recorded that did not happen.
        sessions.close_all(customer_id)


def reset_second_factor(
    sessions: SessionStore,
    write: OpenTransaction[SecondFactorsWork],
    colleague: Session,
    customer_id: UUID,
) -> None:
    """Remove the second factor of somebody who has lost it, and end all sessions of the account.

    Raises
    ------
    Forbidden
        It is the caller's own, which a code removes.
    NotFound
        ``customer_not_found`` or ``second_factor_not_found``.
    DependencyUnavailable
        Before the commit nothing was changed.
    """
    if colleague.user_id == customer_id:
        raise Forbidden("Disable your own second factor with a code, or ask a colleague.")
    with write() as work:
        _check_exists(work, customer_id)
        if not work.second_factors.remove(customer_id):
            raise second_factor_not_found()
        work.audit("second_factor.reset", "customer", customer_id)
        sessions.close_all(customer_id)
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


def _check_exists(work: CustomersWork, customer_id: UUID) -> None:
    if work.customers.by_id(customer_id) is None:
        raise NotFound(f"There is no customer {str(customer_id)!r}.", code="customer_not_found")
