"""Cancels orders on request, after refunding what was charged."""

from functools import partial
from uuid import UUID

import msgspec

from shop.domain.errors import Conflict
from shop.domain.orders import Order, OrderStatus
from shop.domain.sessions import Role, Session
from shop.services.orders.cancel import cancel
from shop.services.orders.read import get_order, visible_order
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.payments.refunds import follow_up, refund_rest
from shop.services.unit_of_work import OpenUnitOfWork


class Cancellation(msgspec.Struct, frozen=True):
    """An order that is cancelled, or will be once its refund is complete."""

    order: Order
    refund_pending: bool = False


def cancel_on_request(
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
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
        ``order_state_conflict``: it is being paid, or was shipped; ``charge_disputed``.
    """
    why = reason or f"cancelled_by_{'staff' if shopper.role is Role.STAFF else 'customer'}"
    with open_unit_of_work() as work:
        order = visible_order(work, shopper, order_id, lock=True)
        if order.status is OrderStatus.CANCELLED:
            return Cancellation(order)
        work.audit(
            "order.cancel_requested",
            "order",
            order_id,
            before={"status": order.status},
            after={"reason": why},
        )
        refunds = refund_rest(work, order_id, why) if order.is_refundable else ()
        if not refunds:
            _refuse_disputed(work, order)
            cancelled = cancel(work, order_id, why)
            if cancelled is None:
                raise _cannot_cancel(order)
            return Cancellation(cancelled.order)
    follow_up(provider, open_unit_of_work, refunds)
    order = get_order(partial(open_unit_of_work, autocommit=True), shopper, order_id)
    return Cancellation(order, refund_pending=order.status is not OrderStatus.CANCELLED)


def _refuse_disputed(work: PaymentsWork, order: Order) -> None:
    charge = work.refunds.charge(order.order_id) if order.is_refundable else None
    if charge is not None:
        charge.check_undisputed()


def _cannot_cancel(order: Order) -> Conflict:
    if order.status is OrderStatus.PAYMENT_PROCESSING:
        detail = "The order is being paid right now; try again when the payment has ended."
    else:
        detail = f"The order is {order.status.value}; it can no longer be cancelled."
    return Conflict(detail, code="order_state_conflict")
