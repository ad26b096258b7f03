"""Cancels orders on request, after refunding what was charged."""

import logging
from functools import partial
from uuid import UUID

import msgspec

from shop.domain.errors import Conflict, DependencyUnavailable, RefundRefused
from shop.domain.orders import Order, OrderStatus
from shop.domain.payments import Refund
from shop.domain.sessions import Role, Session
from shop.services.orders.cancel import cancel
from shop.services.orders.read import get_order, visible_order
from shop.services.payments.ports import PaymentProvider
from shop.services.payments.refunds import execute_refund, request_refund
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)


class Cancellation(msgspec.Struct, frozen=True):
    """An order that is cancelled, or will be once its refund is complete."""

    order: Order
    refund_pending: bool = False


def cancel_on_request(
    open_unit_of_work: OpenUnitOfWork,
    provider: PaymentProvider,
    shopper: Session,
    order_id: UUID,
    *,
    reason: str | None,
) -> Cancellation:
    """Cancel an order before it ships, after refunding what was charged. Repeating it is safe.

    Parameters
    ----------
    reason : str or None
        Shown on the order; by default it says who cancelled.

    Raises
    ------
    NotFound
        ``order_not_found``.
    Conflict
        ``order_state_conflict``: it is being paid, or was shipped.
    """
    why = reason or f"cancelled_by_{'staff' if shopper.role is Role.STAFF else 'customer'}"
    with open_unit_of_work() as work:
        order = visible_order(work, shopper, order_id, lock=True)
        if order.status is OrderStatus.CANCELLED:
            return Cancellation(order)
        refund = request_refund(work, order_id, why) if order.is_refundable else None
        if refund is None:
            cancelled = cancel(work, order_id, why)
            if cancelled is None:
                raise _cannot_cancel(order)
            return Cancellation(cancelled.order)
    _give_money_back(provider, open_unit_of_work, refund)
    order = get_order(partial(open_unit_of_work, autocommit=True), shopper, order_id)
    return Cancellation(order, refund_pending=order.status is not OrderStatus.CANCELLED)


def _give_money_back(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork, refund: Refund
) -> None:
    try:
        execute_refund(provider, open_unit_of_work, refund)
    except DependencyUnavailable as unavailable:
        _log.warning("refund of order %s left for later: %s", refund.order_id, unavailable.detail)
    except RefundRefused:
        _log.warning("refund of order %s left for staff", refund.order_id)


def _cannot_cancel(order: Order) -> Conflict:
    if order.status is OrderStatus.PAYMENT_PROCESSING:
        detail = "The order is being paid right now; try again when the payment has ended."
    else:
        detail = f"The order is {order.status.value}; it can no longer be cancelled."
    return Conflict(detail, code="order_state_conflict")
