"""Refunds: recorded first, then executed; then the order is cancelled and its stock released."""

import logging

from shop.domain.errors import DependencyUnavailable, RefundRefused
from shop.domain.orders import REFUNDABLE
from shop.domain.payments import Refund
from shop.observability import metric
from shop.services.orders.cancel import cancel
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)


def execute_refund(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork[PaymentsWork], refund: Refund
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


def follow_up(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    refund: Refund | None,
) -> None:
    """Execute a recorded refund after the commit; on failure, the reconciliation retries it."""
    if refund is None:
        return
    try:
        execute_refund(provider, open_unit_of_work, refund)
    except DependencyUnavailable as unavailable:
        _log.warning(
            "refund of order %s left for the reconciliation: %s",
            refund.order_id,
            unavailable.detail,
        )
    except RefundRefused:
        _log.warning("refund of order %s left for staff", refund.order_id)


def complete_refund(work: PaymentsWork, refund: Refund, refund_id: str | None) -> None:
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
