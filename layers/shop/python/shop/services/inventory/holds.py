"""Hold stock for an order, release it, or commit it, which removes it from stock."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shop.contracts.events import InventoryConfirmed, InventoryReserved
from shop.domain.errors import Conflict, NotFound
from shop.domain.ids import new_id
from shop.domain.inventory import AlreadyHeld, Hold, Item, NotHeld, Released, sum_by_product
from shop.domain.orders import OrderStatus
from shop.observability import metric
from shop.services.inventory.announcements import (
    announce_lapsed,
    announce_levels,
    announce_released,
)
from shop.services.inventory.ports import InventoryWork
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

#: Statuses of an order that neither awaits nor has a payment; None for an order of another system.
NOT_BEING_PAID: Final = frozenset(
    {None, OrderStatus.CANCELLED, OrderStatus.INVENTORY_UNAVAILABLE, OrderStatus.PAYMENT_FAILED}
)


def hold_stock(
    open_unit_of_work: OpenUnitOfWork[InventoryWork],
    order_id: UUID,
    items: Iterable[Item],
    *,
    expires_at: datetime,
    correlation_id: UUID | str,
) -> Hold:
    """Hold stock for an order, all lines or none; an order has one hold.

    Parameters
    ----------
    items : iterable of Item
        Lines of one product are added up.
    expires_at : datetime
        When the hold lapses, unless the order is being paid by then.

    Raises
    ------
    InsufficientStock
        If less is available; names the lines, and nothing was held.
    Conflict
        ``reservation_conflict`` or ``order_state_conflict``.
    """
    wanted = sum_by_product((item.product_id, item.quantity) for item in items)
    reserved = InventoryReserved(
        order_id=order_id,
        reservation_id=new_id(),
        items=[Item(product_id, quantity) for product_id, quantity in wanted.items()],
    )
    with open_unit_of_work() as work:
        outcome = work.inventory.hold(
            reserved, expires_at=expires_at, correlation_id=correlation_id
        )
        if not isinstance(outcome, AlreadyHeld):
            announce_lapsed(work, outcome.lapsed, correlation_id)
        if not isinstance(outcome, AlreadyHeld | NotHeld):
            units = {str(product_id): quantity for product_id, quantity in wanted.items()}
            work.audit("stock.reserved", "order", order_id, after={"units": units})
    # Raised after the commit, so that the lapsed holds of other orders stay expired.
    if isinstance(outcome, NotHeld):
        raise outcome.refusal
    return outcome.hold


def hold_stock_for(
    open_unit_of_work: OpenUnitOfWork[InventoryWork],
    order_id: UUID,
    items: Iterable[Item],
    *,
    ttl_seconds: int,
    correlation_id: UUID | str,
) -> Hold:
    """Hold stock for an order for some seconds from now; see `hold_stock`."""
    return hold_stock(
        open_unit_of_work,
        order_id,
        items,
        expires_at=datetime.now(UTC) + timedelta(seconds=ttl_seconds),
        correlation_id=correlation_id,
    )


def release_stock(
    work: InventoryWork,
    order_id: UUID,
    *,
    reason: str,
    correlation_id: UUID | str,
    expired: bool = False,
) -> Released | None:
    """Release the stock that an order holds or has committed, inside a transaction.

    Parameters
    ----------
    work : InventoryWork
        The transaction, which has locked the order's row if the shop has such an order.
    reason : str
        For example ``"payment_failed"``; part of the event.
    expired : bool
        Whether to end only a hold that has lapsed; its status becomes expired.

    Returns
    -------
    Released or None
        The released hold; None if there was none, so repeating it is safe.
    """
    released = work.inventory.release(order_id, expired=expired)
    if released is not None:
        announce_released(work, released.hold, reason, correlation_id)
        announce_levels(work, released.levels, correlation_id)
    return released


def release_order(
    open_unit_of_work: OpenUnitOfWork[InventoryWork],
    order_id: UUID,
    *,
    reason: str,
    correlation_id: UUID | str,
) -> Hold:
    """Release the stock that an order holds. Repeating it changes nothing and returns the same answer.

    Raises
    ------
    NotFound
        ``reservation_not_found``: nothing was ever held for the order.
    Conflict
        ``order_state_conflict``: the shop's own order is being paid or has been paid; cancel it instead.
    """
    with open_unit_of_work() as work:
        status = work.inventory.lock_order(order_id)
        if status not in NOT_BEING_PAID | {OrderStatus.PENDING}:
            raise Conflict(
                f"The order is {status}; cancel it instead.", code="order_state_conflict"
            )
        released = release_stock(work, order_id, reason=reason, correlation_id=correlation_id)
        if released is not None:
            work.audit("stock.released", "order", order_id, after={"reason": reason})
        hold = released.hold if released else work.inventory.find(order_id)
    if hold is None:
        raise NotFound("Nothing was ever held for this order.", code="reservation_not_found")
    return hold


def commit_stock(work: InventoryWork, order_id: UUID, correlation_id: UUID | str) -> bool:
    """Commit all stock that a paid order holds, or none, inside a transaction.

    Returns
    -------
    bool
        Whether the order's stock is committed, now or before; False if its hold has ended.
    """
    committed = work.inventory.confirm(order_id)
    if committed is not None:
        hold = committed.hold
        work.log_on_commit(
            "stock confirmed", order_id=str(order_id), correlation_id=str(correlation_id)
        )
        work.record(
            InventoryConfirmed(
                order_id=order_id, reservation_id=hold.reservation_id, items=list(hold.items)
            ),
            correlation_id=correlation_id,
        )
        announce_levels(work, committed.levels, correlation_id)
        return True
    if work.inventory.is_confirmed(order_id):
        return True
    # A refund may have been processed before the event.
    if work.inventory.order_status(order_id) != OrderStatus.CANCELLED:
        # The scheduled advance_orders refunds and cancels it.
        _log.error(
            "nothing is held for a paid order",
            extra={"order_id": str(order_id), "correlation_id": str(correlation_id)},
        )
        metric("PaidOrdersWithoutHold")
    return False
