"""What the payment provider tells of its own accord: late, repeated, in any order."""

import logging
from typing import Final

from shop.domain.payments import (
    Attempt,
    Intent,
    Payable,
    PaymentStatus,
    ProviderEvent,
    Refund,
    Verdict,
    judge,
)
from shop.services.payments.outcomes import (
    final_word,
    follow_up,
    record_charge,
    record_intent,
)
from shop.services.payments.ports import PaymentProvider
from shop.services.payments.refunds import complete_refund, fail_refund
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork

_log = logging.getLogger(__name__)

_TELLING: Final = frozenset(
    f"payment_intent.{change}"
    for change in ("succeeded", "payment_failed", "canceled", "processing", "requires_action")
)
IGNORED: Final = "ignored"
DUPLICATE: Final = "duplicate"


def receive_webhook(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork, payload: bytes, signature: str
) -> str:
    """Act on a webhook, once.

    Returns
    -------
    str
        What it led to, as it is recorded with the event's id; ``duplicate`` the next times.

    Raises
    ------
    ShopError
        ``invalid_signature`` or ``validation_failed``.
    DependencyUnavailable
        Nothing was recorded: the provider sends it again.
    """
    event = provider.verify(payload, signature)
    if event.intent is not None and event.event_type in _TELLING:
        return _about_intent(provider, open_unit_of_work, event, event.intent)
    with open_unit_of_work() as work:
        if not work.payments.record_webhook(event.event_id, event.event_type):
            return DUPLICATE
        outcome = _about_refund(work, event)
        work.payments.conclude_webhook(event.event_id, outcome)
    return outcome


def _about_intent(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork,
    event: ProviderEvent,
    intent: Intent,
) -> str:
    with open_unit_of_work() as work:
        order = _find(work, intent)
    attempt = None if order is None else order.attempt
    if attempt is not None:
        intent = _as_it_is_now(provider, attempt, intent)
    refund = None
    with open_unit_of_work() as work:
        if not work.payments.record_webhook(event.event_id, event.event_type):
            return DUPLICATE
        if order is None:
            conclusion = IGNORED
        elif attempt is None or attempt.attempt != (intent.attempt or attempt.attempt):
            conclusion, refund = _unexpected(work, order, intent)
        else:
            outcome = record_intent(work, attempt, intent)
            conclusion, refund = outcome.verdict.value, outcome.refund
            if outcome.verdict is Verdict.PAID and not outcome.moved:
                conclusion = "refund_requested" if refund else "paid_before"
        work.payments.conclude_webhook(event.event_id, conclusion)
    follow_up(provider, open_unit_of_work, refund)
    return conclusion


def _find(work: UnitOfWork, intent: Intent) -> Payable | None:
    if intent.order_id is not None:
        return work.payments.find(intent.order_id)
    return work.payments.find_by_intent(intent.intent_id or "")


def _as_it_is_now(provider: PaymentProvider, attempt: Attempt, intent: Intent) -> Intent:
    """Look again before an order is failed: the event may be older than a success."""
    verdict = judge(intent, amount_minor=attempt.amount_minor, currency=attempt.currency)
    is_open = attempt.status in {PaymentStatus.PROCESSING, PaymentStatus.REQUIRES_ACTION}
    if verdict is not Verdict.DECLINED or not is_open or intent.intent_id is None:
        return intent
    return final_word(provider, attempt, provider.retrieve(intent.intent_id))


def _unexpected(work: UnitOfWork, order: Payable, intent: Intent) -> tuple[str, Refund | None]:
    """Money for an order that has no record of asking for it: it goes back."""
    taken = judge(intent, amount_minor=intent.amount_minor, currency=intent.currency)
    if taken is not Verdict.PAID or intent.intent_id is None:
        return IGNORED, None
    _log.error("order %s has no attempt for intent %s", order.order_id, intent.intent_id)
    refund = Refund(
        payment_intent_id=intent.intent_id,
        order_id=order.order_id,
        amount_minor=intent.amount_minor,
        reason="unexpected_payment",
    )
    return "refund_requested", refund if work.payments.request_refund(refund) else None


def _about_refund(work: UnitOfWork, event: ProviderEvent) -> str:
    if event.refund_failed and event.refund_id and event.refund_intent_id:
        fail_refund(work, event.refund_intent_id, event.refund_id)
        return "refund_failed"
    intent_id = event.refunded_intent_id
    if intent_id is None:
        return IGNORED
    order = work.payments.find_by_intent(intent_id)
    if order is None and event.refunded_order_id is not None:
        order = work.payments.find(event.refunded_order_id)
    if order is None or order.attempt is None:
        return IGNORED
    work.inventory.lock_order(order.order_id)  # first, as everybody does
    # What was refunded had been taken, even if nobody has told us yet.
    record_charge(work, order.attempt, intent_id)
    made = Refund(
        payment_intent_id=intent_id,
        order_id=order.order_id,
        amount_minor=order.attempt.amount_minor,
        reason="refunded",
    )
    work.payments.request_refund(made)  # when it was made in the provider's dashboard
    complete_refund(work, work.payments.find_refund(intent_id) or made, None)
    return "refunded"
