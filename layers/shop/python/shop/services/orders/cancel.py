"""Cancels orders; no other module does."""

from uuid import UUID

import msgspec

from shop.contracts.events import OrderCancelled
from shop.domain.inventory import Released
from shop.domain.orders import Order, OrderStatus
from shop.services.inventory.holds import release_stock
from shop.services.orders.ports import OrdersWork


class Cancelled(msgspec.Struct, frozen=True):
    """A cancelled order, and the released hold if it had one."""

    order: Order
    released: Released | None


def cancel(
    work: OrdersWork,
    order_id: UUID,
    reason: str,
    *,
    sources: frozenset[OrderStatus] | None = None,
    expired: bool = False,
) -> Cancelled | None:
    """Cancel an order inside a transaction: move it, release its stock, record the events.

    The caller refunds a charged order first.

    Parameters
    ----------
    reason : str
        Shown on the order and part of the events.
    sources : frozenset of OrderStatus, optional
        Statuses to cancel from; by default every status from which an order may be cancelled.
    expired : bool
        Whether the order was not paid in time: only a lapsed hold is ended, and its status becomes expired.

    Returns
    -------
    Cancelled or None
        None, with nothing changed, if the order is in none of the source statuses.
    """
    order = work.orders.move(order_id, OrderStatus.CANCELLED, sources=sources, reason=reason)
    if order is None:
        return None
    released = release_stock(
        work, order_id, reason=reason, correlation_id=order.correlation_id, expired=expired
    )
    work.log_on_commit(
        "order moved",
        order_id=str(order_id),
        correlation_id=str(order.correlation_id),
        status=order.status,
        reason=reason,
    )
    work.record(
        OrderCancelled(order_id=order_id, reason=reason), correlation_id=order.correlation_id
    )
    return Cancelled(order, released)
