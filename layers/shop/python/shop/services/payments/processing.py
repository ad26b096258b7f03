"""Payment of an order by the customer, at checkout or later."""

from uuid import UUID

from shop.contracts.http.payments import PaymentView
from shop.domain.errors import Conflict, DependencyUnavailable, PaymentDeclined
from shop.domain.orders import CHARGED, OrderStatus, order_not_found
from shop.domain.payments import (
    Attempt,
    Begun,
    BeingPlaced,
    NotPending,
    Payable,
    PaymentStatus,
    ReservationExpired,
    Verdict,
    public_decline_code,
)
from shop.observability import bind
from shop.services.payments.outcomes import current_intent, record_intent
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.payments.refunds import follow_up
from shop.services.unit_of_work import OpenUnitOfWork


def process_payment(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    user_id: UUID | None,
    order_id: UUID,
    payment_method_id: str,
) -> PaymentView:
    """Pay an order. A repeated request continues the same attempt and never charges twice.

    A payment method that does not exist is refused while the order is still PENDING, so that a typing error
    does not cancel the order: PAYMENT_PROCESSING never returns to PENDING. While the provider is unavailable,
    only orders whose payment has begun or ended are answered.

    Parameters
    ----------
    user_id : UUID or None
        The customer who pays; None: the checkout, whose order may have moved to the guest's account since.

    Raises
    ------
    NotFound
        ``order_not_found``: the order does not exist, or belongs to another customer.
    InvalidRequest
        The payment method does not exist.
    Conflict
        ``reservation_expired``, ``order_state_conflict``, or ``request_in_progress``.
    PaymentDeclined
        The order is cancelled and its stock released.
    PaymentOutcomeUnknown
        The order stays PAYMENT_PROCESSING until the outcome is known.
    DependencyUnavailable
        The provider or the database is unavailable.
    """
    begun = _begin(provider, open_unit_of_work, user_id, order_id, payment_method_id)
    match begun:
        case Attempt():
            return _charge(provider, open_unit_of_work, begun)
        case BeingPlaced():
            conflict = Conflict(
                "The order is still being placed: repeat the checkout, or wait a moment.",
                code="request_in_progress",
            )
            conflict.retry_after_seconds = 1
            raise conflict
        case ReservationExpired():
            raise Conflict(
                "The stock is no longer held for this order.", code="reservation_expired"
            )
        case NotPending(order):
            return _again(provider, open_unit_of_work, order, payment_method_id)


def _begin(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    user_id: UUID | None,
    order_id: UUID,
    payment_method_id: str,
) -> Begun:
    try:
        provider.check_payment_method(payment_method_id)
    except DependencyUnavailable:
        order = _find(open_unit_of_work, user_id, order_id)
        if order.status is OrderStatus.PENDING:
            raise
        return NotPending(order)
    with open_unit_of_work(autocommit=True) as work:
        begun = work.payments.begin(order_id, user_id, payment_method_id)
    if begun is None:
        raise order_not_found(order_id)
    if isinstance(begun, Attempt):
        bind(correlation_id=str(begun.correlation_id))
    if isinstance(begun, NotPending) and begun.order.attempt is None:
        # Another request began it while this one waited for the order's lock.
        return NotPending(_find(open_unit_of_work, user_id, order_id))
    return begun


def _find(
    open_unit_of_work: OpenUnitOfWork[PaymentsWork], user_id: UUID | None, order_id: UUID
) -> Payable:
    with open_unit_of_work(autocommit=True) as work:
        order = work.payments.find(order_id, user_id=user_id)
    if order is None:
        raise order_not_found(order_id)
    return order


def _again(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    order: Payable,
    payment_method_id: str,
) -> PaymentView:
    """Answer for an order whose payment has already begun or ended."""
    bind(correlation_id=str(order.correlation_id))
    attempt = _same_attempt(order, payment_method_id)
    if order.status is OrderStatus.PAYMENT_PROCESSING:
        return _charge(provider, open_unit_of_work, attempt)
    if order.is_charged:
        return _paid(attempt, attempt.payment_intent_id)
    if attempt.status is PaymentStatus.FAILED:
        raise _declined(attempt.failure_code)
    raise _wrong_state(order.status)


def _same_attempt(order: Payable, payment_method_id: str) -> Attempt:
    if order.attempt is None:
        raise _wrong_state(order.status)
    if order.attempt.payment_method_id != payment_method_id:
        raise Conflict(
            f"The order is {order.status.value}: it was paid, or is being paid, by other means.",
            code="order_state_conflict",
        )
    return order.attempt


def _charge(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork[PaymentsWork], attempt: Attempt
) -> PaymentView:
    intent = current_intent(provider, attempt)
    with open_unit_of_work() as work:
        outcome = record_intent(work, attempt, intent)
    follow_up(provider, open_unit_of_work, outcome.refunds)
    if outcome.status in CHARGED:
        return _paid(attempt, intent.intent_id)
    if outcome.status is OrderStatus.PAYMENT_PROCESSING:
        return PaymentView(
            order_id=attempt.order_id,
            status=outcome.status,
            payment_intent_id=intent.intent_id or "",
            client_secret=intent.client_secret if outcome.verdict is Verdict.NEEDS_ACTION else None,
        )
    if outcome.verdict is Verdict.DECLINED:
        raise _declined(intent.failure_code)
    raise _wrong_state(outcome.status)


def _paid(attempt: Attempt, payment_intent_id: str | None) -> PaymentView:
    return PaymentView(
        order_id=attempt.order_id,
        status=OrderStatus.PAID,
        payment_intent_id=payment_intent_id or "",
    )


_CODES = {"amount_too_small": "amount_too_small", "refused": "payment_refused"}


def _declined(failure_code: str | None) -> PaymentDeclined:
    reason = public_decline_code(failure_code)
    return PaymentDeclined(
        f"The payment was declined ({reason}). The order is cancelled and its stock returned.",
        code=_CODES.get(reason),
    )


def _wrong_state(status: OrderStatus) -> Conflict:
    return Conflict(f"The order is {status.value}; it cannot be paid.", code="order_state_conflict")
