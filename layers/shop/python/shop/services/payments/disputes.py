"""Disputes: a customer's bank reverses a charge; the provider reports how that goes."""

import logging
from collections.abc import Sequence

from shop.contracts.events import PaymentDisputed
from shop.domain.money import to_decimal
from shop.domain.orders import OrderStatus
from shop.domain.provider_events import Dispute
from shop.domain.refunds import Refund
from shop.observability import bind
from shop.services.payments.ports import PaymentsWork
from shop.services.payments.refunds import refund_rest

_log = logging.getLogger(__name__)


def record_dispute(work: PaymentsWork, dispute: Dispute) -> Sequence[Refund] | None:
    """Record a dispute as the provider reports it, and announce that.

    Returns
    -------
    sequence of Refund or None
        Refunds to execute after the commit: the charge of a cancelled order returns to the shop when the
        dispute is won. None if nothing is new, or the payment is not the shop's.
    """
    order = work.payments.find_by_intent(dispute.payment_intent_id)
    if order is None:
        return None
    bind(order_id=str(order.order_id), correlation_id=str(order.correlation_id))
    status = work.inventory.lock_order(order.order_id)
    if work.refunds.dispute(dispute) is None:
        return None
    _log.error(
        "order %s: dispute %s of %d %s is %s",
        order.order_id, dispute.dispute_id, dispute.amount_minor, dispute.currency, dispute.status,
    )  # fmt: skip
    disputed = PaymentDisputed(
        order_id=order.order_id,
        dispute_id=dispute.dispute_id,
        amount=to_decimal(dispute.amount_minor),
        status=dispute.status,
        reason=dispute.reason,
    )
    work.record(disputed, correlation_id=order.correlation_id)
    if status == OrderStatus.CANCELLED:
        return refund_rest(work, order.order_id, "dispute_closed")
    return ()
