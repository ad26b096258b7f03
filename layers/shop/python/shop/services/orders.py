"""Orders, as their owner and staff see them; and their cancellation."""

import base64
import binascii
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shop.domain.errors import Conflict, DependencyUnavailable, FieldError, InvalidRequest, NotFound
from shop.domain.orders import REFUNDABLE, OrderStatus
from shop.domain.sessions import Role, Session
from shop.services.fulfilment import cancel_order as cancel_unpaid
from shop.services.payments.refunds import execute_refund, request_refund
from shop.services.ports.orders import Order
from shop.services.ports.payments import PaymentProvider, Refund, RefundRefused
from shop.services.ports.unit_of_work import OpenUnitOfWork, UnitOfWork

_log = logging.getLogger(__name__)

_SEE_EVERYTHING: Final = frozenset({Role.STAFF, Role.SERVICE})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Page:
    """Orders, newest first; `next_cursor` gives those after them."""

    orders: tuple[Order, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """An order that is cancelled, or will be once its money has gone back."""

    order: Order
    refund_pending: bool = False


def get_order(open_unit_of_work: OpenUnitOfWork, shopper: Session, order_id: UUID) -> Order:
    """Read an order.

    Raises
    ------
    NotFound
        ``order_not_found``: there is none, or it is another's.
    """
    with open_unit_of_work() as work:
        return _visible(work, shopper, order_id)


def list_orders(
    open_unit_of_work: OpenUnitOfWork,
    shopper: Session,
    *,
    status: OrderStatus | None,
    limit: int,
    cursor: str | None,
) -> Page:
    """Read a page of the shopper's own orders.

    Raises
    ------
    InvalidRequest
        If `cursor` is none of ours.
    """
    before = None if cursor is None else _read_cursor(cursor)
    with open_unit_of_work() as work:
        # One more than asked for tells whether there is a next page.
        found = work.orders.page(shopper.user_id, status=status, limit=limit + 1, before=before)
    page = tuple(found[:limit])
    return Page(page, _write_cursor(page[-1]) if len(found) > limit else None)


def cancel_order(
    open_unit_of_work: OpenUnitOfWork,
    provider: PaymentProvider,
    shopper: Session,
    order_id: UUID,
    *,
    reason: str | None,
) -> Cancellation:
    """Cancel an order before it ships; what was charged goes back first. Repeating it is safe.

    Parameters
    ----------
    reason : str or None
        Shown on the order; by default who has cancelled it.

    Raises
    ------
    NotFound
        ``order_not_found``.
    Conflict
        ``order_state_conflict``: it is being paid right now, or has been shipped.
    """
    why = reason or f"cancelled_by_{'staff' if shopper.role is Role.STAFF else 'customer'}"
    with open_unit_of_work() as work:
        order = _visible(work, shopper, order_id, lock=True)
        if order.status is OrderStatus.CANCELLED:
            return Cancellation(order)
        refund = request_refund(work, order_id, why) if order.status in REFUNDABLE else None
        if refund is None:
            cancelled = cancel_unpaid(work, order, why)
            if cancelled is None:
                raise _cannot_cancel(order)
            return Cancellation(cancelled)
    _give_money_back(provider, open_unit_of_work, refund)
    order = get_order(open_unit_of_work, shopper, order_id)
    return Cancellation(order, refund_pending=order.status is not OrderStatus.CANCELLED)


def _give_money_back(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork, refund: Refund
) -> None:
    try:
        execute_refund(provider, open_unit_of_work, refund)
    except DependencyUnavailable as away:
        _log.warning("refund of order %s left for later: %s", refund.order_id, away.detail)
    except RefundRefused as refused:
        _log.error("refund of order %s refused: %s", refund.order_id, refused)


def _cannot_cancel(order: Order) -> Conflict:
    if order.status is OrderStatus.PAYMENT_PROCESSING:
        detail = "The order is being paid right now; try again when the payment has ended."
    else:
        detail = f"The order is {order.status.value}; it can no longer be cancelled."
    return Conflict(detail, code="order_state_conflict")


def order_not_found(order_id: UUID) -> NotFound:
    """Make the refusal for an order that is not there, or is another's."""
    return NotFound(f"There is no order {order_id}.", code="order_not_found")


def _visible(work: UnitOfWork, shopper: Session, order_id: UUID, *, lock: bool = False) -> Order:
    order = work.orders.get(order_id, lock=lock)
    if order is None or not (order.user_id == shopper.user_id or shopper.role in _SEE_EVERYTHING):
        raise order_not_found(order_id)
    return order


def _write_cursor(last: Order) -> str:
    microseconds = (last.created_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(microseconds.to_bytes(8) + last.order_id.bytes).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
        # Fails too if there are more or fewer than the sixteen bytes of an id.
        return _EPOCH + int.from_bytes(raw[:8]) * _MICROSECOND, UUID(bytes=raw[8:])
    except (binascii.Error, ValueError, OverflowError) as error:
        raise InvalidRequest(
            "A field is wrong.",
            errors=[FieldError("cursor", "is not a next_cursor of an earlier answer")],
        ) from error
