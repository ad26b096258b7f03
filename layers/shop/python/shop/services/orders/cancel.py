"""The one place where an order is cancelled."""

from uuid import UUID

import msgspec

from shop.contracts.events import OrderCancelled
from shop.domain.inventory import Released
from shop.domain.orders import Order, OrderStatus
from shop.services.inventory.holds import release_stock
from shop.services.orders.ports import OrdersWork


class Cancelled(msgspec.Struct, frozen=True):
    """An order that was cancelled, and the stock that it gave back, if it had any."""

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
    """Cancel an order inside a transaction: move it, return its stock, record the events.

    Who cancels a charged order has given its money back first.

    Parameters
    ----------
    reason : str
        Shown on the order, part of the events.
    sources : frozenset of OrderStatus, optional
        States to cancel from; by default every one from which the table allows it.
    expired : bool
        Its time to pay is over: only a hold that has lapsed is returned.

    Returns
    -------
    Cancelled or None
        None if the order is in no source state (any more): nothing was changed.
    """
    order = work.orders.move(order_id, OrderStatus.CANCELLED, sources=sources, reason=reason)
    if order is None:
        return None
    released = release_stock(
        work, order_id, reason=reason, correlation_id=order.correlation_id, expired=expired
    )
    work.tell("order moved", order_id=str(order_id), status=order.status, reason=reason)
    work.record(
        OrderCancelled(order_id=order_id, reason=reason), correlation_id=order.correlation_id
    )
    return Cancelled(order, released)
