"""The second factor of staff: enrolment, the check of a login, disabling."""

from collections.abc import Callable
from typing import Final, NamedTuple

from shop.contracts.http.second_factors import Enrolment, RecoveryCodes
from shop.domain.customers import Customer
from shop.domain.errors import InvalidRequest, Unauthenticated
from shop.domain.one_time_codes import (
    is_recovery_code,
    matching_step,
    new_factor,
    new_recovery_codes,
    otpauth_uri,
    recovery_digest,
    secret_of,
)
from shop.domain.second_factors import SecondFactor, second_factor_exists, second_factor_not_found
from shop.domain.sessions import PRIVILEGED, Role, Session
from shop.services.identity.ports import LoginThrottle, SecondFactorsWork, SessionStore
from shop.services.identity.profile import existing
from shop.services.unit_of_work import OpenTransaction

#: Gives the keys, which are read only where a secret is derived.
type Keys = Callable[[], tuple[str, ...]]

_SUBJECT: Final = "customer"


class SecondFactorPolicy(NamedTuple):
    """What a login needs for accounts of staff.

    Attributes
    ----------
    keys : callable
        The keys.
    write_as : callable
        Begins a transaction on behalf of a session.
    required : bool
        Whether an account without a second factor may only enrol.
    """

    keys: Keys
    write_as: Callable[[Session], OpenTransaction[SecondFactorsWork]]
    required: bool


def begin_enrolment(
    write: OpenTransaction[SecondFactorsWork], keys: Keys, person: Session, issuer: str
) -> Enrolment:
    """Make a secret for a member of staff, in place of one that was never confirmed.

    Raises
    ------
    Conflict
        ``second_factor_exists``.
    NotFound
        The account does not exist any more.
    """
    known = keys()
    factor = new_factor(known, person.user_id)
    with write() as work:
        account = existing(work.customers.by_id(person.user_id))
        if not work.second_factors.begin(factor):
            raise second_factor_exists()
    secret = _secret(known, factor)
    return Enrolment(secret=secret, otpauth_uri=otpauth_uri(secret, account.email, issuer))


def confirm_enrolment(
    sessions: SessionStore,
    write: OpenTransaction[SecondFactorsWork],
    keys: Keys,
    person: Session,
    code: str,
) -> RecoveryCodes:
    """Require the second factor from now on, and end all sessions, which were opened without it.

    Raises
    ------
    InvalidRequest
        The code is wrong.
    NotFound
        ``second_factor_not_found``: the enrolment was not begun.
    Conflict
        ``second_factor_exists``.
    DependencyUnavailable
        Before the commit nothing was changed.
    """
    codes = new_recovery_codes()
    with write() as work:
        factor = work.second_factors.of_customer(person.user_id)
        if factor is None:
            raise second_factor_not_found()
        if factor.confirmed_at is not None:
            raise second_factor_exists()
        step = matching_step(_secret(keys(), factor), code)
        if step is None:
            raise _wrong_code()
        digests = [recovery_digest(person.user_id, each) for each in codes]
        if not work.second_factors.confirm(factor, step, digests):
            raise second_factor_exists()
        work.audit("second_factor.enrolled", _SUBJECT, person.user_id)
        sessions.close_all(person.user_id)
    # Again, for a session that was opened before the commit.
    sessions.close_all(person.user_id)
    return RecoveryCodes(recovery_codes=codes)


def check_second_factor(
    policy: SecondFactorPolicy, factor: SecondFactor, account: Session, code: str | None
) -> None:
    """Check the code of a login whose password is right.

    Raises
    ------
    Unauthenticated
        ``second_factor_required`` or ``second_factor_invalid``.
    """
    if code is None:
        raise Unauthenticated(
            "Send the code of the second factor as well.", code="second_factor_required"
        )
    with policy.write_as(account)() as work:
        if not _use(work, policy.keys, factor, code):
            raise Unauthenticated(
                "The code is wrong, or was used before.", code="second_factor_invalid"
            )


def session_of(
    policy: SecondFactorPolicy, customer: Customer, factor: SecondFactor | None
) -> Session:
    """Return the session of a login; its role is withheld if the account must enrol first."""
    session = Session(customer.user_id, customer.role, customer.email)
    if policy.required and factor is None and customer.role in PRIVILEGED:
        return session._replace(role=Role.CUSTOMER, withheld=customer.role)
    return session


def confirmed_factor(work: SecondFactorsWork, customer: Customer) -> SecondFactor | None:
    """Find the second factor that logins of an account need; accounts of customers have none."""
    if customer.role not in PRIVILEGED:
        return None
    factor = work.second_factors.of_customer(customer.user_id)
    return factor if factor is not None and factor.confirmed_at is not None else None


def disable_second_factor(
    throttle: LoginThrottle,
    write: OpenTransaction[SecondFactorsWork],
    keys: Keys,
    person: Session,
    code: str,
    *,
    source: str,
) -> None:
    """Remove the caller's own second factor, by a code of it.

    Raises
    ------
    InvalidRequest
        The code is wrong, or was used before.
    NotFound
        ``second_factor_not_found``, or the account does not exist any more.
    TooManyRequests
        After too many wrong codes or passwords.
    """
    with write() as work:
        account = existing(work.customers.by_id(person.user_id))
        throttle.count(account.email, source)
        factor = work.second_factors.of_customer(person.user_id)
        if factor is None or factor.confirmed_at is None:
            raise second_factor_not_found()
        if not _use(work, keys, factor, code):
            raise _wrong_code()
        work.second_factors.remove(person.user_id)
        work.audit("second_factor.disabled", _SUBJECT, person.user_id)
    throttle.succeed(account.email, source)


def _use(work: SecondFactorsWork, keys: Keys, factor: SecondFactor, code: str) -> bool:
    """Use a one-time code or a recovery code up; return whether it was valid."""
    if is_recovery_code(code):
        digest = recovery_digest(factor.customer_id, code)
        if not work.second_factors.use_recovery_code(factor.customer_id, digest):
            return False
        work.audit("second_factor.recovery_code_used", _SUBJECT, factor.customer_id)
        return True
    secret = secret_of(keys(), factor)
    step = matching_step(secret, code) if secret else None
    return step is not None and work.second_factors.use_step(factor, step)


def _secret(keys: tuple[str, ...], factor: SecondFactor) -> str:
    secret = secret_of(keys, factor)
    if secret is None:
        # Its key was removed while the enrolment was not confirmed.
        raise second_factor_not_found()
    return secret


def _wrong_code() -> InvalidRequest:
    return InvalidRequest.field("code", "is wrong, or was used before")
