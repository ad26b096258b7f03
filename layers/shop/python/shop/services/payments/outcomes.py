"""Records the provider's answers, for requests, webhooks and the reconciliation."""

import logging
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shop.domain.orders import CHARGED, CancelReason, OrderStatus
from shop.domain.payments import (
    Attempt,
    Intent,
    IntentStatus,
    PaymentStatus,
    Verdict,
)
from shop.domain.refunds import Refund
from shop.services.orders.cancel import cancel
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.payments.refunds import refund_rest

_log = logging.getLogger(__name__)

_PAYMENT_FAILED: Final = frozenset({OrderStatus.PAYMENT_FAILED})
NEVER_CHARGED: Final = Intent(
    intent_id=None, status=IntentStatus.REFUSED, failure_code="never_charged"
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of recording an intent.

    Attributes
    ----------
    moved : bool
        False if the order was not PAYMENT_PROCESSING and keeps its status.
    refunds : tuple of Refund
        Pending refunds of a charge that pays for nothing; the caller executes them after the commit.
    is_unexpected : bool
        Whether the money is not the order's: it waits for staff.
    """

    verdict: Verdict
    status: OrderStatus
    moved: bool = False
    refunds: tuple[Refund, ...] = ()
    is_unexpected: bool = False


def current_intent(provider: PaymentProvider, attempt: Attempt) -> Intent:
    """Return the provider's intent of an attempt; charge the attempt if it was not charged, never twice.

    Raises
    ------
    PaymentOutcomeUnknown
    Conflict
        ``request_in_progress``.
    """
    if attempt.payment_intent_id is not None:
        intent = provider.retrieve(attempt.payment_intent_id)
    elif attempt.may_be_repeated:
        intent = provider.charge(attempt)
    else:
        # Too old to repeat, and old enough for the provider's search to find an existing intent.
        intent = provider.search(attempt.order_id, attempt.attempt) or NEVER_CHARGED
    return final_word(provider, attempt, intent)


def final_word(provider: PaymentProvider, attempt: Attempt, intent: Intent) -> Intent:
    """Cancel a failed intent so that it can no longer be paid, and return its final state.

    A customer whose browser has the intent's secret could otherwise pay it with another card after the order
    is cancelled.
    """
    is_failed = intent.status is IntentStatus.REQUIRES_PAYMENT_METHOD
    if not is_failed or attempt.status is not PaymentStatus.REQUIRES_ACTION or not intent.intent_id:
        return intent
    last = provider.cancel(intent.intent_id)
    return intent if last.status is IntentStatus.CANCELED else last


def record_intent(work: PaymentsWork, attempt: Attempt, intent: Intent) -> Outcome:
    """Record the outcome of an intent for its order, inside a transaction."""
    verdict = attempt.judge(intent)
    match verdict:
        case Verdict.PAID:
            return _record_paid(work, attempt, intent)
        case Verdict.WRONG_AMOUNT:
            _log.error(
                "order %s: the intent %s is over %d %s, not %d %s: it is refunded",
                attempt.order_id, intent.intent_id, intent.amount_minor, intent.currency,
                attempt.amount_minor, attempt.currency,
            )  # fmt: skip
            return _record_wrong_amount(work, attempt, intent)
        case Verdict.DECLINED:
            return _record_failed(work, attempt, intent, PaymentStatus.FAILED, verdict)
        case Verdict.CANCELLED:
            return _record_failed(work, attempt, intent, PaymentStatus.CANCELLED, verdict)
        case Verdict.NEEDS_ACTION | Verdict.WAIT:
            status = (
                PaymentStatus.REQUIRES_ACTION
                if verdict is Verdict.NEEDS_ACTION
                else PaymentStatus.PROCESSING
            )
            work.payments.note(attempt, status, intent.intent_id)
            return Outcome(verdict=verdict, status=OrderStatus.PAYMENT_PROCESSING)


def _record_paid(work: PaymentsWork, attempt: Attempt, intent: Intent) -> Outcome:
    applied = work.payments.settle(attempt, _id_of(intent))
    outcome = Outcome(verdict=Verdict.PAID, status=applied.status, moved=applied.moved)
    if not applied.is_ours:
        return replace(outcome, is_unexpected=expect_nothing(work, attempt.order_id, intent))
    if applied.moved or applied.status in CHARGED:
        return outcome
    return replace(outcome, refunds=_take_back(work, attempt, "late_payment"))


def _record_wrong_amount(work: PaymentsWork, attempt: Attempt, intent: Intent) -> Outcome:
    failed = replace(intent, failure_code="amount_mismatch")
    outcome, is_ours = _fail(work, attempt, failed, PaymentStatus.FAILED, Verdict.WRONG_AMOUNT)
    if not is_ours:
        return replace(outcome, is_unexpected=expect_nothing(work, attempt.order_id, intent))
    work.payments.note_charged(attempt, _id_of(intent), intent.amount_minor)
    return replace(outcome, refunds=_take_back(work, attempt, "amount_mismatch"))


def _record_failed(
    work: PaymentsWork, attempt: Attempt, intent: Intent, status: PaymentStatus, verdict: Verdict
) -> Outcome:
    return _fail(work, attempt, intent, status, verdict)[0]


def _fail(
    work: PaymentsWork, attempt: Attempt, intent: Intent, status: PaymentStatus, verdict: Verdict
) -> tuple[Outcome, bool]:
    """Record a failure; return also whether the attempt is this intent's."""
    applied = work.payments.fail(
        attempt, status, payment_intent_id=intent.intent_id, failure_code=intent.failure_code
    )
    if not applied.moved:
        return Outcome(verdict=verdict, status=applied.status), applied.is_ours
    cancel(work, attempt.order_id, CancelReason.PAYMENT_FAILED, sources=_PAYMENT_FAILED)
    return Outcome(verdict=verdict, status=OrderStatus.CANCELLED, moved=True), applied.is_ours


def expect_nothing(work: PaymentsWork, order_id: UUID, intent: Intent) -> bool:
    """Record a payment that names an order and is not the order's own, for staff to decide about.

    Returns
    -------
    bool
        False if it was recorded before.
    """
    if not work.refunds.expect_nothing(order_id, intent):
        return False
    _log.error(
        "order %s is named by a payment that is not its own: %s, %d %s",
        order_id, intent.intent_id, intent.amount_minor, intent.currency,
    )  # fmt: skip
    return True


def _take_back(work: PaymentsWork, attempt: Attempt, reason: str) -> tuple[Refund, ...]:
    """Record a refund of a charge that pays no order, unless one was recorded, whatever its status."""
    charge = work.refunds.charge(attempt.order_id)
    if charge is None or charge.refunds:
        return ()
    return tuple(refund_rest(work, attempt.order_id, reason))


def _id_of(intent: Intent) -> str:
    if intent.intent_id is None:
        raise ValueError("money was taken, so there is an intent")
    return intent.intent_id
