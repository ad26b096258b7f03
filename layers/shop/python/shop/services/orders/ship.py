"""Shipping and delivery, as reported by staff."""

from datetime import UTC, date, datetime
from uuid import UUID

from shop.contracts.events import OrderDelivered, OrderShipped
from shop.contracts.http.orders import ShipOrder
from shop.domain.errors import Conflict, InvalidRequest
from shop.domain.orders import Order, OrderStatus, order_not_found
from shop.services.orders.ports import OrdersWork
from shop.services.unit_of_work import OpenUnitOfWork


def ship_order(
    open_unit_of_work: OpenUnitOfWork[OrdersWork], order_id: UUID, parcel: ShipOrder
) -> Order:
    """Record that an order was shipped. Repeating it with the same parcel changes nothing.

    Raises
    ------
    InvalidRequest
        If the estimated delivery is before today (UTC).
    NotFound
        ``order_not_found``.
    Conflict
        ``order_state_conflict``: it is not PROCESSING, or is refunded in whole.
    """
    today = datetime.now(UTC).date()
    if parcel.estimated_delivery is not None and parcel.estimated_delivery < today:
        raise InvalidRequest.field("estimated_delivery", f"must be {today} (today, UTC) or later")
    with open_unit_of_work() as work:
        order = _locked(work, order_id)
        if order.is_shipped_as(parcel.carrier, parcel.tracking_number):
            return order
        shipped = work.orders.move(
            order_id,
            OrderStatus.SHIPPED,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            estimated_delivery=parcel.estimated_delivery or _not_before(today, order),
            unless_refunded=True,
        )
        if shipped is None and order.status is OrderStatus.PROCESSING:
            # Its row is locked, so nothing else can have kept it from moving.
            raise Conflict("The order's money is going back, or has.", code="order_state_conflict")
        if shipped is None:
            raise _conflict(order, OrderStatus.SHIPPED)
        work.audit(
            "order.shipped",
            "order",
            order_id,
            before={"status": order.status},
            after={
                "status": shipped.status,
                "carrier": parcel.carrier,
                "tracking_number": parcel.tracking_number,
            },
        )
        work.record(
            OrderShipped(
                order_id=order_id, carrier=parcel.carrier, tracking_number=parcel.tracking_number
            ),
            correlation_id=shipped.correlation_id,
        )
    return shipped


def deliver_order(open_unit_of_work: OpenUnitOfWork[OrdersWork], order_id: UUID) -> Order:
    """Record that an order was delivered. Repeating it changes nothing.

    Raises
    ------
    NotFound
        ``order_not_found``.
    Conflict
        ``order_state_conflict``: it is not SHIPPED.
    """
    with open_unit_of_work() as work:
        order = _locked(work, order_id)
        if order.status is OrderStatus.DELIVERED:
            return order
        delivered = work.orders.move(order_id, OrderStatus.DELIVERED)
        if delivered is None:
            raise _conflict(order, OrderStatus.DELIVERED)
        work.audit(
            "order.delivered",
            "order",
            order_id,
            before={"status": order.status},
            after={"status": delivered.status},
        )
        work.record(OrderDelivered(order_id=order_id), correlation_id=delivered.correlation_id)
    return delivered


def _locked(work: OrdersWork, order_id: UUID) -> Order:
    order = work.orders.get(order_id, lock=True)
    if order is None:
        raise order_not_found(order_id)
    return order


def _not_before(today: date, order: Order) -> date | None:
    return None if order.estimated_delivery is None else max(today, order.estimated_delivery)


def _conflict(order: Order, target: OrderStatus) -> Conflict:
    return Conflict(
        f"The order is {order.status.value}; it cannot become {target.value}.",
        code="order_state_conflict",
    )
