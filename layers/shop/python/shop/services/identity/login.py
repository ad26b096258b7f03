"""Login and guest sessions."""

from shop.contracts.http.identity import OpenSession, SessionView
from shop.domain.customers import Customer, normal_email
from shop.domain.errors import FieldError, InvalidRequest, Unauthenticated
from shop.domain.ids import new_id
from shop.domain.passwords import verify_password
from shop.domain.second_factors import SecondFactor
from shop.domain.sessions import Role, Session
from shop.services.cart.ports import CartStore
from shop.services.identity.account import AccountWork
from shop.services.identity.guests import take_over
from shop.services.identity.ports import (
    GuestThrottle,
    LoginThrottle,
    SecondFactorsWork,
    SessionStore,
)
from shop.services.identity.second_factors import (
    SecondFactorPolicy,
    check_second_factor,
    confirmed_factor,
    session_of,
)
from shop.services.unit_of_work import OpenReading, OpenTransaction


def open_session(
    sessions: SessionStore,
    throttle: LoginThrottle,
    carts: CartStore,
    read: OpenReading[SecondFactorsWork],
    command: OpenSession,
    *,
    guests: GuestThrottle,
    write: OpenTransaction[AccountWork],
    policy: SecondFactorPolicy,
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
        ``invalid_credentials``; an unknown e-mail address gets the same answer after the same time. With the
        right password only: ``second_factor_required`` or ``second_factor_invalid``.
    TooManyRequests
        After too many wrong passwords or codes from this source or for this e-mail address, or too many guest
        sessions from this source.
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
    throttle.count(email, source)
    customer, factor = _check_password(read, email, command.password)
    if factor is not None:
        account = Session(customer.user_id, customer.role, customer.email)
        check_second_factor(policy, factor, account, command.code)
    # Only now: a right password must not reset what limits guessing of codes.
    throttle.succeed(email, source)
    if guest is not None and guest.role is Role.GUEST:
        take_over(carts, write, guest.user_id, customer.user_id)
    session = _begin(sessions, session_of(policy, customer, factor))
    if _changed(read, customer, factor):
        # Meanwhile, which ended the sessions that were open then.
        sessions.close(session.token)
        raise _wrong_credentials()
    return session


def _lenient(email: str) -> str:
    """Return the normal form of what was sent as an address; what has none is nobody's."""
    try:
        return normal_email(email)
    except ValueError:
        return email


def _check_password(
    read: OpenReading[SecondFactorsWork], email: str, password: str
) -> tuple[Customer, SecondFactor | None]:
    """Return whose password it is, and the second factor that a login needs as well."""
    with read() as unit:
        customer = unit.customers.by_email(email)
    known = verify_password(password, customer.password_hash if customer else None)
    if customer is None or not known:
        raise _wrong_credentials()
    with read() as unit:
        return customer, confirmed_factor(unit, customer)


def _changed(
    read: OpenReading[SecondFactorsWork], customer: Customer, factor: SecondFactor | None
) -> bool:
    """Return whether what a login has checked is not the account's any more."""
    with read() as unit:
        now = unit.customers.by_id(customer.user_id)
        return (
            now is None
            or now.password_hash != customer.password_hash
            or confirmed_factor(unit, customer) != factor
        )


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated(
        "The e-mail address or the password is wrong.", code="invalid_credentials"
    )


def _begin(sessions: SessionStore, session: Session) -> SessionView:
    token, expires_at = sessions.open(session)
    return SessionView(
        token,
        session.user_id,
        session.role,
        expires_at,
        second_factor_enrolment_required=session.withheld is not None,
    )
