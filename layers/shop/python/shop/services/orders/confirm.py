"""Confirms orders; no other module does."""

from uuid import UUID

from shop.contracts.events import OrderConfirmed
from shop.domain.orders import Order, OrderStatus
from shop.services.orders.ports import OrdersWork


def confirm(work: OrdersWork, order_id: UUID) -> Order | None:
    """Confirm a paid order whose stock was committed, inside a transaction.

    Returns
    -------
    Order or None
        None, with nothing changed, if it is not PAID: the event was repeated or late.
    """
    order = work.orders.move(order_id, OrderStatus.CONFIRMED)
    if order is not None:
        work.log_on_commit(
            "order moved",
            order_id=str(order_id),
            correlation_id=str(order.correlation_id),
            status=order.status,
        )
        work.record(OrderConfirmed(order_id=order_id), correlation_id=order.correlation_id)
    return order
