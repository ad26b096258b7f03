"""Reads orders for their owner and staff."""

from uuid import UUID

import msgspec

from shop.domain.cursors import cut, read_moment, write_moment
from shop.domain.links import LinkKind, digest
from shop.domain.orders import Order, OrderStatus, order_not_found
from shop.domain.sessions import Session
from shop.services.orders.ports import LinkedOrdersWork, OrdersWork
from shop.services.unit_of_work import OpenReading, OpenTransaction


class Page(msgspec.Struct, frozen=True):
    """Orders, newest first; `next_cursor` continues after them."""

    orders: tuple[Order, ...]
    next_cursor: str | None


def get_order(read: OpenReading[OrdersWork], shopper: Session, order_id: UUID) -> Order:
    """Read an order.

    Raises
    ------
    NotFound
        ``order_not_found``: it does not exist, or belongs to another customer.
    """
    with read() as work:
        return visible_order(work, shopper, order_id)


def get_order_by_link(
    write: OpenTransaction[LinkedOrdersWork], order_id: UUID, token: str
) -> Order:
    """Read an order by the link that was sent to the buyer, which is thereby used up.

    Raises
    ------
    NotFound
        ``order_not_found``: the link is not the order's, was used before, or has expired.
    """
    with write() as work:
        link = work.links.use(LinkKind.ORDER, digest(token))
        order = work.orders.get(order_id) if link and link.order_id == order_id else None
        if order is None:
            raise order_not_found(order_id)
    return order


def list_orders(
    read: OpenReading[OrdersWork],
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
        If `cursor` is not a `next_cursor` of an earlier page.
    """
    before = None if cursor is None else read_moment(cursor, _order_id)
    with read() as work:
        # One additional row shows whether there is a next page.
        found = work.orders.page(shopper.user_id, status=status, limit=limit + 1, before=before)
    page, following = cut(
        found, limit, lambda order: write_moment(order.created_at, order.order_id.bytes)
    )
    return Page(tuple(page), following)


def visible_order(
    work: OrdersWork, shopper: Session, order_id: UUID, *, lock: bool = False
) -> Order:
    """Read an order that the shopper may see, inside a transaction.

    Raises
    ------
    NotFound
        ``order_not_found``.
    """
    order = work.orders.get(order_id, lock=lock)
    if order is None or not order.is_visible_to(shopper):
        raise order_not_found(order_id)
    return order


def _order_id(raw: bytes) -> UUID:
    return UUID(bytes=raw)
