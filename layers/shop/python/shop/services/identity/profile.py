"""A customer's own account."""

from uuid import UUID

from shop.contracts.http.identity import ChangeProfile, LinkAccepted, Profile
from shop.domain.customers import Customer, checked_email
from shop.domain.errors import InvalidRequest, NotFound
from shop.domain.passwords import hash_password, verify_password
from shop.domain.sessions import Session
from shop.services.identity.links import request_verification
from shop.services.identity.ports import (
    CustomersWork,
    LinksWork,
    LinkThrottle,
    LoginThrottle,
    SessionStore,
)
from shop.services.unit_of_work import OpenReading, OpenUnitOfWork


def get_profile(read: OpenReading[CustomersWork], customer_id: UUID) -> Profile:
    """Read a customer's own account; raise `NotFound` if it does not exist any more."""
    with read() as work:
        return profile_view(existing(work.customers.by_id(customer_id)))


def change_profile(
    sessions: SessionStore,
    open_unit_of_work: OpenUnitOfWork[LinksWork],
    customer: Session,
    wish: ChangeProfile,
    *,
    logins: LoginThrottle,
    links: LinkThrottle,
    token: str,
    source: str,
) -> Profile:
    """Change name, password or e-mail address; the latter two only with the present password.

    A new address replaces the present one when the link that is sent to it is followed, so that the answer
    does not show whether it is registered. A new password ends all other sessions.

    Parameters
    ----------
    token : str
        That of the customer's session, which stays open.
    source : str
        The caller's IP address.

    Raises
    ------
    InvalidRequest
        The present password is missing or wrong, or the name is blank.
    NotFound
        The account does not exist any more.
    TooManyRequests
        After too many wrong passwords or requests for links.
    DependencyUnavailable
    """
    name = None if wish.name is None else wish.name.strip()
    if name == "":
        raise InvalidRequest.field("name", "must not be blank")
    email = None if wish.email is None else checked_email(wish.email, "email")
    with open_unit_of_work(autocommit=True) as work:
        known = existing(work.customers.by_id(customer.user_id))
    if email is not None or wish.password is not None:
        _check_password(logins, known, wish.current_password, source)
    with open_unit_of_work() as work:
        if name is not None:
            work.customers.rename(known.user_id, name)
        if wish.password is not None:
            work.customers.set_password(known.user_id, hash_password(wish.password))
            sessions.close_all(known.user_id, keep=token)
        changed = existing(work.customers.by_id(known.user_id))
    if wish.password is not None:
        # Again, for a session that was opened with the old password before the commit.
        sessions.close_all(known.user_id, keep=token)
    if email is None or email == changed.email:
        return profile_view(changed)
    request_verification(links, open_unit_of_work, known.user_id, email, source=source)
    return profile_view(changed, pending_email=email)


def ask_for_verification(
    links: LinkThrottle,
    open_unit_of_work: OpenUnitOfWork[LinksWork],
    customer_id: UUID,
    *,
    source: str,
) -> LinkAccepted:
    """Have a link sent to the customer's present address; raises as `request_verification` does."""
    with open_unit_of_work(autocommit=True) as work:
        known = existing(work.customers.by_id(customer_id))
    return request_verification(links, open_unit_of_work, customer_id, known.email, source=source)


def _check_password(
    throttle: LoginThrottle, customer: Customer, password: str | None, source: str
) -> None:
    if password is None:
        raise InvalidRequest.field("current_password", "is required to change this")
    throttle.count(customer.email, source)
    if not verify_password(password, customer.password_hash):
        raise InvalidRequest.field("current_password", "is wrong")
    throttle.succeed(customer.email, source)


def existing(customer: Customer | None) -> Customer:
    """Return a customer; raise `NotFound` if the account does not exist any more."""
    if customer is None:
        raise NotFound("This account does not exist any more.")
    return customer


def profile_view(customer: Customer, *, pending_email: str | None = None) -> Profile:
    """Return the view of an account."""
    return Profile(
        user_id=customer.user_id,
        email=customer.email,
        name=customer.name,
        email_verified=customer.email_verified_at is not None,
        pending_email=pending_email,
    )
