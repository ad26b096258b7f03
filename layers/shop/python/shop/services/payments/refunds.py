"""Refunds: recorded first, then executed; then the order is cancelled and its stock released."""

import logging
from typing import Final
from uuid import UUID

from shop.domain.errors import RefundRefused
from shop.domain.orders import REFUNDABLE
from shop.domain.payments import Refund
from shop.observability import metric
from shop.services.orders.cancel import cancel
from shop.services.payments.ports import PaymentProvider
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork

_log = logging.getLogger(__name__)

_SENT_BACK: Final = "the bank would not take the money"


def request_refund(work: UnitOfWork, order_id: UUID, reason: str) -> Refund | None:
    """Record a pending refund of an order, inside a transaction that has locked the order's row.

    After the commit the order cannot ship, and the reconciliation executes the refund unless the caller does.
    Repeating it records nothing more.

    Parameters
    ----------
    reason : str
        The reason of the cancellation that follows.

    Returns
    -------
    Refund or None
        For `execute_refund`, after the commit; None if nothing was charged.
    """
    return work.payments.request_refund_of_order(order_id, reason)


def execute_refund(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork, refund: Refund
) -> None:
    """Execute a refund, then cancel the order and release its stock.

    Raises
    ------
    PaymentOutcomeUnknown
        The provider did not answer; the reconciliation retries.
    RefundRefused
        The provider rejects the refund; staff must act. The reconciliation retries until it succeeds.
    """
    try:
        refund_id = provider.refund(refund.payment_intent_id)
    except RefundRefused as refused:
        with open_unit_of_work() as work:
            work.payments.note_refund_problem(refund.payment_intent_id, str(refused))
        _log.error("refund of order %s refused: %s", refund.order_id, refused)
        metric("RefundsRefused")
        raise
    with open_unit_of_work() as work:
        complete_refund(work, refund, refund_id)


def complete_refund(work: UnitOfWork, refund: Refund, refund_id: str | None) -> None:
    """Record that a refund is complete and cancel the order it belongs to, inside a transaction.

    The refund of a second charge of the same order cancels nothing.
    """
    paid = work.payments.find_by_intent(refund.payment_intent_id)
    cancelled = paid and cancel(work, paid.order_id, refund.reason, sources=REFUNDABLE)
    if cancelled is None and paid is not None and paid.is_charged:
        # Not if the webhook and the request ran concurrently and one waited for the other.
        now = work.payments.find_by_intent(refund.payment_intent_id)
        if now is not None and now.is_charged:
            _log.error("order %s is %s and refunded", now.order_id, now.status.value)
    work.payments.finish_refund(refund.payment_intent_id, refund_id)


def fail_refund(work: UnitOfWork, payment_intent_id: str, refund_id: str) -> None:
    """Record that the bank rejected a refund, inside a transaction."""
    work.payments.fail_refund(payment_intent_id, refund_id, _SENT_BACK)


def report_failed_refund(payment_intent_id: str, refund_id: str) -> None:
    """Log a failed refund, on which staff must act, after the commit."""
    _log.error("refund %s of %s failed: %s", refund_id, payment_intent_id, _SENT_BACK)
    metric("RefundsFailed")
