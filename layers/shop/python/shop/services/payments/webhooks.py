"""Webhooks of the payment provider, which may be late, repeated or out of order."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from shop.domain.payments import Attempt, Intent, Payable, PaymentStatus, Verdict
from shop.domain.provider_events import (
    ChargeRefunded,
    DisputeChanged,
    Ignored,
    IntentChanged,
    ProviderEvent,
    RefundChanged,
)
from shop.domain.refunds import Refund, RefundStatus
from shop.observability import bind
from shop.services.payments.disputes import record_dispute
from shop.services.payments.outcomes import expect_nothing, final_word, record_intent
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.payments.refunds import (
    book,
    follow_up,
    settle_and_book,
)
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

IGNORED: Final = "ignored"
DUPLICATE: Final = "duplicate"
#: The intent had already paid the order.
PAID_BEFORE: Final = "paid_before"
#: The ledger had the refund already.
REFUNDED_BEFORE: Final = "refunded_before"
#: The money is not the order's; staff decide about it.
UNEXPECTED: Final = "unexpected_payment"

type _Action = Callable[[PaymentsWork], tuple[str, Sequence[Refund]]]


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
            return _charge_refunded(provider, open_unit_of_work, event)
        case RefundChanged():
            return _refund_changed(provider, open_unit_of_work, event)
        case DisputeChanged():
            return _once(provider, open_unit_of_work, event, lambda work: _disputed(work, event))
        case Ignored():
            return IGNORED


def _once(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    event: ProviderEvent,
    action: _Action,
) -> str:
    """Process an event and record it in one transaction; then execute the refunds that it caused."""
    try:
        with open_unit_of_work() as work:
            outcome, refunds = action(work)
            if outcome not in {IGNORED, REFUNDED_BEFORE}:
                _record(work, event, outcome)
    except _Duplicate:
        return DUPLICATE
    follow_up(provider, open_unit_of_work, refunds)
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


def _apply(work: PaymentsWork, attempt: Attempt, intent: Intent) -> tuple[str, Sequence[Refund]]:
    outcome = record_intent(work, attempt, intent)
    if outcome.is_unexpected:
        return UNEXPECTED, ()
    if outcome.verdict is Verdict.PAID and not outcome.moved:
        return "refund_requested" if outcome.refunds else PAID_BEFORE, outcome.refunds
    return outcome.verdict.value, outcome.refunds


def _unexpected(work: PaymentsWork, order: Payable, intent: Intent) -> tuple[str, Sequence[Refund]]:
    """Record a charge for an order without a recorded attempt."""
    if not intent.is_paid or not expect_nothing(work, order.order_id, intent):
        return IGNORED, ()
    return UNEXPECTED, ()


def _charge_refunded(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    event: ChargeRefunded,
) -> str:
    intent_id = event.payment_intent_id
    with open_unit_of_work(autocommit=True) as work:
        order = work.payments.find_by_intent(intent_id)
        if order is None and event.order_id is not None:
            order = work.payments.find(event.order_id)
    if order is None:
        return IGNORED
    bind(order_id=str(order.order_id), correlation_id=str(order.correlation_id))
    attempt = order.attempt
    if attempt is None or attempt.payment_intent_id not in {None, intent_id}:
        return _once(provider, open_unit_of_work, event, lambda work: (_returned(work, event), ()))
    # The event does not list the refunds, and may be older than the latest.
    made = provider.refunds_of(intent_id)

    def action(work: PaymentsWork) -> tuple[str, Sequence[Refund]]:
        work.inventory.lock_order(order.order_id)
        if not attempt.is_open and not work.refunds.unbooked(made):
            return REFUNDED_BEFORE, ()
        return "refunded", settle_and_book(work, order, intent_id, made)

    return _once(provider, open_unit_of_work, event, action)


def _returned(work: PaymentsWork, event: ChargeRefunded) -> str:
    """Record what was returned of a payment that waits for staff."""
    known = work.refunds.return_unexpected(event.payment_intent_id, event.refunded_minor)
    return IGNORED if known is None else "unexpected_payment_returned"


def _refund_changed(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork[PaymentsWork], event: RefundChanged
) -> str:
    made = event.refund
    with open_unit_of_work(autocommit=True) as work:
        order = work.payments.find_by_intent(made.payment_intent_id)
        if order is None or not work.refunds.unbooked([made]):
            return IGNORED if order is None else REFUNDED_BEFORE
        known = work.refunds.find(made)
    bind(order_id=str(order.order_id), correlation_id=str(order.correlation_id))
    if known is not None and known.status is RefundStatus.FAILED:
        return REFUNDED_BEFORE  # the event is older than the failure
    # Whether a refund that was made elsewhere leaves room for others depends on all of them.
    is_planned = made.is_dead or (known is not None and known.is_pending)
    facts = [made] if is_planned else provider.refunds_of(made.payment_intent_id)

    def action(work: PaymentsWork) -> tuple[str, Sequence[Refund]]:
        instead = book(work, order.order_id, facts)
        return "refund_failed" if made.is_dead else "refunded", instead

    return _once(provider, open_unit_of_work, event, action)


def _disputed(work: PaymentsWork, event: DisputeChanged) -> tuple[str, Sequence[Refund]]:
    refunds = record_dispute(work, event.dispute)
    return (IGNORED, ()) if refunds is None else ("disputed", refunds)
