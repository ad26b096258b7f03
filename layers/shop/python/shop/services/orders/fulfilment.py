"""Fulfilment: what happens between the order and the parcel, and the state machine that waits for it."""

import logging
from datetime import UTC, datetime
from math import ceil
from typing import Final
from uuid import UUID

from shop.contracts.events import OrderCancelled, OrderConfirmed
from shop.contracts.tasks import CloseOrder, Decision, StepOutcome
from shop.domain.errors import NotFound
from shop.domain.orders import Order, OrderStatus, StockState
from shop.services.inventory.announcements import EXPIRED
from shop.services.inventory.holds import confirm_order as take_stock
from shop.services.inventory.holds import release_stock
from shop.services.orders.ports import Fulfilment, Step
from shop.services.payments.refunds import request_refund
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork

_log = logging.getLogger(__name__)

UNCONFIRMABLE: Final = "stock_not_confirmed"

#: One more round of waiting, for what reconciliation decides or the relay publishes.
_ROUND_SECONDS: Final = 900
_PAID: Final = StepOutcome("paid")
_CONFIRMED: Final = StepOutcome("confirmed")
_CANCELLED: Final = StepOutcome("cancelled")
_WAIT: Final = Decision("wait", _ROUND_SECONDS)
_CONTINUE: Final = Decision("continue")
_END: Final = Decision("end")

_BEYOND_CONFIRMED: Final = {
    OrderStatus.CONFIRMED: _CONFIRMED,
    OrderStatus.PROCESSING: _CONFIRMED,
    OrderStatus.SHIPPED: _CONFIRMED,
    OrderStatus.DELIVERED: _CONFIRMED,
    OrderStatus.CANCELLED: _CANCELLED,
}
#: What a waiting step is told when the order has moved on already, by step and status.
_OUTCOMES: Final = {
    Step.PAYMENT: {OrderStatus.PAID: _PAID} | _BEYOND_CONFIRMED,
    Step.CONFIRMATION: _BEYOND_CONFIRMED,
}


def await_step(
    open_unit_of_work: OpenUnitOfWork,
    fulfilment: Fulfilment,
    order_id: UUID,
    step: Step,
    token: str,
) -> None:
    """Note where the state machine waits, and wake it at once if the order has moved on already.

    The token is committed before the status is read: an event that comes in between finds the token,
    and one that came earlier is seen in the status.

    Raises
    ------
    NotFound
        ``order_not_found``.
    """
    with open_unit_of_work() as work:
        if not work.task_tokens.put(order_id, step, token):
            raise NotFound(f"There is no order {order_id}.", code="order_not_found")
    with open_unit_of_work() as work:
        order = work.orders.get(order_id)
        outcome = None if order is None else _OUTCOMES[step].get(order.status)
        if outcome is not None:
            _resume(work, fulfilment, order_id, step, outcome)


def on_order_paid(work: UnitOfWork, fulfilment: Fulfilment, order_id: UUID) -> None:
    """Wake the step that waits for the payment."""
    _resume(work, fulfilment, order_id, Step.PAYMENT, _PAID)


def on_order_confirmed(work: UnitOfWork, fulfilment: Fulfilment, order_id: UUID) -> None:
    """Wake the step that waits for the stock's confirmation."""
    _resume(work, fulfilment, order_id, Step.CONFIRMATION, _CONFIRMED)


def on_order_cancelled(work: UnitOfWork, fulfilment: Fulfilment, order_id: UUID) -> None:
    """Wake whatever step still waits."""
    for step in Step:
        _resume(work, fulfilment, order_id, step, _CANCELLED)


def _resume(
    work: UnitOfWork, fulfilment: Fulfilment, order_id: UUID, step: Step, outcome: StepOutcome
) -> None:
    # If Step Functions is away this raises, the token stays, and the event comes back.
    token = work.task_tokens.take(order_id, step)
    if token is not None:
        fulfilment.resume(token, outcome)


def confirm_order(work: UnitOfWork, order_id: UUID) -> bool:
    """Move a paid order to CONFIRMED once all its stock has been taken out for good.

    Returns
    -------
    bool
        False for an event that changes nothing: a line's stock is not confirmed (yet), or the order
        was confirmed or cancelled before.
    """
    if work.orders.stock_state(order_id) is not StockState.CONFIRMED:
        return False
    order = work.orders.move(order_id, OrderStatus.CONFIRMED)
    if order is None:
        return False
    work.tell("order moved", order_id=str(order_id), status=order.status)
    work.record(OrderConfirmed(order_id=order_id), correlation_id=order.correlation_id)
    return True


def close_order(open_unit_of_work: OpenUnitOfWork, command: CloseOrder) -> Decision:
    """Look at what has become of an order for which the state machine waited in vain.

    Returns
    -------
    Decision
        ``continue``: the step's end was reached without an event. ``wait``, for the payment: it may still
        be. ``end``: the order is cancelled, or will be once its money has gone back.
    """
    with open_unit_of_work() as work:
        order = work.orders.get(command.order_id, lock=True)
        if order is None:
            return _END
        decision = _decide(work, order, Step(command.step))
    _log.info("order %s is %s: %s", order.order_id, order.status.value, decision.next)
    return decision


def _decide(work: UnitOfWork, order: Order, step: Step) -> Decision:
    match order.status:
        case OrderStatus.PENDING:
            return _close_unpaid(work, order)
        case OrderStatus.INVENTORY_UNAVAILABLE | OrderStatus.PAYMENT_FAILED:
            cancel_order(work, order, order.status.value.lower())
            return _END
        case OrderStatus.PAYMENT_PROCESSING:
            return _WAIT
        case OrderStatus.PAID if step is Step.CONFIRMATION:
            return _close_unconfirmed(work, order)
        case OrderStatus.PAID | OrderStatus.CONFIRMED:
            return _CONTINUE
        case _:
            return _END


def _close_unpaid(work: UnitOfWork, order: Order) -> Decision:
    """Cancel an order whose time to pay is over; one that can still be paid is waited for."""
    until = order.reservation_expires_at
    left_seconds = 0 if until is None else (until - datetime.now(UTC)).total_seconds()
    if left_seconds > 0:
        return Decision("wait", ceil(left_seconds))
    cancel_order(work, order, EXPIRED)
    return _END


def _close_unconfirmed(work: UnitOfWork, order: Order) -> Decision:
    """Confirm a paid order whose events got lost, or give the money back if there is nothing to send."""
    match work.orders.stock_state(order.order_id):
        case StockState.CONFIRMED | StockState.HELD:
            take_stock(work, order.order_id, order.correlation_id)
            confirm_order(work, order.order_id)
            return _CONTINUE
        case StockState.NONE:
            _log.error("order %s is paid, but nothing is held for it", order.order_id)
            request_refund(work, order.order_id, UNCONFIRMABLE)
            return _END


def cancel_order(work: UnitOfWork, order: Order, reason: str) -> Order | None:
    """Cancel an order that owes nobody money, inside a transaction, and give its stock back.

    Returns
    -------
    Order or None
        None if its status does not allow it (any more).
    """
    cancelled = work.orders.move(order.order_id, OrderStatus.CANCELLED, reason=reason)
    if cancelled is not None:
        _give_back(work, order, reason)
    return cancelled


def _give_back(work: UnitOfWork, order: Order, reason: str) -> None:
    release_stock(work, order.order_id, reason=reason, correlation_id=order.correlation_id)
    work.record(
        OrderCancelled(order_id=order.order_id, reason=reason), correlation_id=order.correlation_id
    )
