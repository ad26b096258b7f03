"""Webhooks of the payment provider, which may be late, repeated or out of order."""

import logging
from collections.abc import Callable
from typing import Final

from shop.domain.payments import (
    Attempt,
    ChargeRefunded,
    Ignored,
    Intent,
    IntentChanged,
    Payable,
    PaymentStatus,
    ProviderEvent,
    Refund,
    RefundFailed,
    Verdict,
)
from shop.observability import bind, metric
from shop.services.payments.outcomes import final_word, record_intent
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.payments.refunds import (
    complete_refund,
    follow_up,
)
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

IGNORED: Final = "ignored"
DUPLICATE: Final = "duplicate"
#: The intent had already paid the order.
PAID_BEFORE: Final = "paid_before"
_SENT_BACK: Final = "the bank would not take the money"

type _Action = Callable[[PaymentsWork], tuple[str, Refund | None]]


class _Duplicate(Exception):
    """The event was recorded before; this transaction is rolled back."""


def receive_webhook(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    payload: bytes,
    signature: str,
) -> str:
    """Process a webhook once. An event that changes nothing is not recorded.

    Returns
    -------
    str
        The result that is recorded with the event's id; ``duplicate`` for repeated deliveries.

    Raises
    ------
    ShopError
        ``invalid_signature`` or ``validation_failed``.
    DependencyUnavailable
        Nothing was recorded; the provider sends the event again.
    """
    event = provider.verify(payload, signature)
    match event:
        case IntentChanged():
            return _intent_changed(provider, open_unit_of_work, event)
        case ChargeRefunded():
            return _once(
                provider, open_unit_of_work, event, lambda work: (_refunded(work, event), None)
            )
        case RefundFailed():
            return _refund_failed(provider, open_unit_of_work, event)
        case Ignored():
            return IGNORED


def _once(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    event: ProviderEvent,
    action: _Action,
) -> str:
    """Process an event and record it in one transaction; then execute the refund that it caused."""
    try:
        with open_unit_of_work() as work:
            outcome, refund = action(work)
            if outcome != IGNORED:
                _record(work, event, outcome)
    except _Duplicate:
        return DUPLICATE
    follow_up(provider, open_unit_of_work, refund)
    return outcome


def _record(work: PaymentsWork, event: ProviderEvent, outcome: str) -> None:
    if not work.payments.record_webhook(event.event_id, event.event_type, outcome):
        raise _Duplicate


def _intent_changed(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork[PaymentsWork], event: IntentChanged
) -> str:
    intent = event.intent
    with open_unit_of_work(autocommit=True) as work:
        order = _find(work, intent)
    if order is None:
        return IGNORED
    bind(order_id=str(order.order_id), correlation_id=str(order.correlation_id))
    attempt = order.attempt
    if attempt is None or attempt.attempt != (intent.attempt or attempt.attempt):
        return _once(
            provider, open_unit_of_work, event, lambda work: _unexpected(work, order, intent)
        )
    if known := _known_before(order, attempt, intent):
        return known
    now = _as_it_is_now(provider, attempt, intent)
    return _once(provider, open_unit_of_work, event, lambda work: _apply(work, attempt, now))


def _find(work: PaymentsWork, intent: Intent) -> Payable | None:
    if intent.order_id is not None:
        return work.payments.find(intent.order_id)
    return work.payments.find_by_intent(intent.intent_id or "")


def _known_before(order: Payable, attempt: Attempt, intent: Intent) -> str | None:
    """Return the result of an event that cannot change the recorded state."""
    if not attempt.is_settled_by(intent):
        return None
    match attempt.judge(intent):
        case Verdict.PAID:
            settled = order.is_charged and attempt.status is PaymentStatus.SUCCEEDED
            return PAID_BEFORE if settled else None
        case Verdict.WRONG_AMOUNT:
            return None
        case verdict:
            return verdict.value


def _as_it_is_now(provider: PaymentProvider, attempt: Attempt, intent: Intent) -> Intent:
    """Read the intent again before failing its order: the event may be older than a success."""
    declined = attempt.judge(intent) is Verdict.DECLINED
    if not declined or not attempt.is_open or intent.intent_id is None:
        return intent
    return final_word(provider, attempt, provider.retrieve(intent.intent_id))


def _apply(work: PaymentsWork, attempt: Attempt, intent: Intent) -> tuple[str, Refund | None]:
    outcome = record_intent(work, attempt, intent)
    if outcome.verdict is Verdict.PAID and not outcome.moved:
        return "refund_requested" if outcome.refund else PAID_BEFORE, outcome.refund
    return outcome.verdict.value, outcome.refund


def _unexpected(work: PaymentsWork, order: Payable, intent: Intent) -> tuple[str, Refund | None]:
    """Refund a charge for an order without a recorded attempt."""
    if not intent.is_paid or intent.intent_id is None:
        return IGNORED, None
    _log.error("order %s has no attempt for intent %s", order.order_id, intent.intent_id)
    refund = Refund(
        payment_intent_id=intent.intent_id,
        order_id=order.order_id,
        amount_minor=intent.amount_minor,
        reason="unexpected_payment",
    )
    return "refund_requested", refund if work.payments.request_refund(refund) else None


def _refund_failed(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork[PaymentsWork], event: RefundFailed
) -> str:
    def action(work: PaymentsWork) -> tuple[str, None]:
        work.payments.fail_refund(event.payment_intent_id, event.refund_id, _SENT_BACK)
        return "refund_failed", None

    outcome = _once(provider, open_unit_of_work, event, action)
    if outcome != DUPLICATE:
        _log.error(
            "refund %s of %s failed: %s", event.refund_id, event.payment_intent_id, _SENT_BACK
        )
        metric("RefundsFailed")
    return outcome


def _refunded(work: PaymentsWork, event: ChargeRefunded) -> str:
    intent_id = event.payment_intent_id
    order = work.payments.find_by_intent(intent_id)
    if order is None and event.order_id is not None:
        order = work.payments.find(event.order_id)
    if order is None or order.attempt is None:
        return IGNORED
    bind(order_id=str(order.order_id), correlation_id=str(order.correlation_id))
    work.inventory.lock_order(order.order_id)  # first in the global lock order
    # A refund implies a successful charge, even if its event has not arrived.
    work.payments.settle(order.attempt, intent_id)
    made = Refund(
        payment_intent_id=intent_id,
        order_id=order.order_id,
        amount_minor=order.attempt.amount_minor,
        reason="refunded",
    )
    work.payments.request_refund(made)  # if it was made in the provider's dashboard
    complete_refund(work, work.payments.find_refund(intent_id) or made, None)
    return "refunded"
