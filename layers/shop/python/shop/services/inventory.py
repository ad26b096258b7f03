"""Stock and the holds on it."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shop.contracts.events import (
    InventoryReleased,
    InventoryReserved,
    InventoryUpdated,
    Item,
    OrderCancelled,
)
from shop.domain.errors import Conflict, NotFound
from shop.domain.ids import new_id
from shop.domain.orders import OrderStatus
from shop.observability import logger, metric
from shop.services.ports.inventory import Hold, StockChange, StockLevel, StockLocks
from shop.services.ports.unit_of_work import OpenUnitOfWork, UnitOfWork

EXPIRED: Final = "reservation_expired"
_SWEEP_BATCH: Final = 200
#: Orders whose lapsed hold is given back without touching the order: they have ended otherwise, or live
#: in another system.
_NOT_BEING_PAID: Final = frozenset(
    {None, OrderStatus.CANCELLED, OrderStatus.INVENTORY_UNAVAILABLE, OrderStatus.PAYMENT_FAILED}
)


def get_stock(open_unit_of_work: OpenUnitOfWork, product_id: UUID) -> StockLevel:
    """Read the stock of a product.

    Raises
    ------
    NotFound
        ``product_not_found``.
    """
    with open_unit_of_work() as work:
        levels = work.inventory.stock([product_id])
    if not levels:
        raise _no_product(product_id)
    return levels[0]


def change_stock(
    open_unit_of_work: OpenUnitOfWork, product_id: UUID, change: StockChange, correlation_id: str
) -> StockLevel:
    """Change what is on hand of a product and tell everybody.

    Raises
    ------
    NotFound
        ``product_not_found``.
    Conflict
        ``stock_conflict``: less would be on hand than orders hold.
    """
    with open_unit_of_work() as work:
        changed = work.inventory.change_stock(product_id, change)
        if changed is None:
            raise _no_product(product_id)
        _record_lapsed(work, changed.lapsed, correlation_id)
        _record_levels(work, [changed.level], None, correlation_id)
    return changed.level


def hold_stock(
    open_unit_of_work: OpenUnitOfWork,
    locks: StockLocks,
    order_id: UUID,
    items: Iterable[Item],
    *,
    expires_at: datetime,
    correlation_id: UUID | str,
) -> Hold:
    """Hold stock for an order: all lines or none, once an order.

    Parameters
    ----------
    items : iterable of Item
        Lines of one product are added up.
    expires_at : datetime
        When the hold stops counting, unless the order is being paid by then.

    Raises
    ------
    InsufficientStock
        Naming the lines; nothing was held.
    Conflict
        ``reservation_conflict`` or ``order_state_conflict``.
    """
    lines = list(items)
    with (
        locks.hold(sorted({line.product_id for line in lines})),
        open_unit_of_work() as work,
    ):
        hold = work.inventory.hold(order_id, new_id(), lines, expires_at)
        if hold.is_new:
            _record_lapsed(work, hold.lapsed, correlation_id)
            work.record(
                InventoryReserved(
                    order_id=order_id, reservation_id=hold.reservation_id, items=list(hold.items)
                ),
                correlation_id=correlation_id,
            )
    return hold


def hold_stock_for(
    open_unit_of_work: OpenUnitOfWork,
    locks: StockLocks,
    order_id: UUID,
    items: Iterable[Item],
    *,
    ttl_seconds: int,
    correlation_id: UUID | str,
) -> Hold:
    """Hold stock for an order for some seconds from now; see `hold_stock`."""
    return hold_stock(
        open_unit_of_work,
        locks,
        order_id,
        items,
        expires_at=datetime.now(UTC) + timedelta(seconds=ttl_seconds),
        correlation_id=correlation_id,
    )


def release_stock(
    work: UnitOfWork,
    order_id: UUID,
    *,
    reason: str,
    correlation_id: UUID | str,
    expired: bool = False,
) -> Hold | None:
    """Give back what an order holds or has confirmed, inside a transaction, and tell everybody.

    Parameters
    ----------
    work : UnitOfWork
        Whose transaction has the order's row locked, if the shop has such an order.
    reason : str
        For example ``"payment_failed"``; part of the event.
    expired : bool
        Only if its time is over.

    Returns
    -------
    Hold or None
        What was given back; None if there was nothing (any more): repeating it is safe.
    """
    hold = work.inventory.release(order_id, expired=expired)
    if hold is not None:
        _record_released(work, hold, reason, correlation_id)
        _record_levels(work, hold.levels, None, correlation_id)
    return hold


def release_order(
    open_unit_of_work: OpenUnitOfWork, order_id: UUID, *, reason: str, correlation_id: UUID | str
) -> Hold:
    """Give back what an order holds; repeating it changes nothing and gives the same answer.

    Raises
    ------
    NotFound
        ``reservation_not_found``: nothing was ever held for the order.
    Conflict
        ``order_state_conflict``: the shop's own order is being paid or has been paid; cancel it instead.
    """
    with open_unit_of_work() as work:
        status = work.inventory.lock_order(order_id)
        if status not in _NOT_BEING_PAID | {OrderStatus.PENDING}:
            raise Conflict(
                f"The order is {status}; cancel it instead.", code="order_state_conflict"
            )
        released = release_stock(work, order_id, reason=reason, correlation_id=correlation_id)
        hold = released or work.inventory.find(order_id)
    if hold is None:
        raise NotFound("Nothing was ever held for this order.", code="reservation_not_found")
    return hold


def confirm_order(work: UnitOfWork, order_id: UUID, correlation_id: UUID | str) -> bool:
    """Take what a paid order holds out of the stock for good, inside a transaction.

    Returns
    -------
    bool
        False if there was nothing to confirm: it was done before, or the hold has ended.
    """
    levels = work.inventory.confirm(order_id)
    _record_levels(work, levels, order_id, correlation_id)
    if not levels:
        # The order's machine waits in vain for its confirmation, then refunds and cancels it.
        logger().error("nothing to confirm for a paid order", extra={"order_id": str(order_id)})
        metric("PaidOrdersWithoutHold")
    return bool(levels)


def expire_reservations(
    open_unit_of_work: OpenUnitOfWork,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, int]:
    """Tidy what has lapsed: give stock back and cancel PENDING orders whose time to pay is over.

    Parameters
    ----------
    seconds : float
        How long to go on.

    Returns
    -------
    dict
        Counts of ``released`` holds and ``cancelled`` orders.
    """
    deadline = clock() + seconds
    counts = {"released": 0, "cancelled": 0}
    while clock() < deadline:
        with open_unit_of_work() as work:
            lapsed = work.inventory.lapsed_orders(_SWEEP_BATCH)
        progress = 0
        for order_id in lapsed:
            if clock() >= deadline:
                break
            released, cancelled = _expire(open_unit_of_work, order_id)
            counts["released"] += released
            counts["cancelled"] += cancelled
            progress += released or cancelled
        if len(lapsed) < _SWEEP_BATCH or not progress:
            break
        logger().info("expired so far", extra={"counts": counts})
    return counts


def _expire(open_unit_of_work: OpenUnitOfWork, order_id: UUID) -> tuple[bool, bool]:
    """Tidy one order in a transaction of its own; tell what was done."""
    with open_unit_of_work() as work:
        lapsed = work.inventory.claim_lapsed(order_id)
        if lapsed is None:
            return False, False
        correlation_id = lapsed.correlation_id or new_id()
        cancelled = False
        if lapsed.status == OrderStatus.PENDING:
            order = work.orders.move(
                order_id,
                OrderStatus.CANCELLED,
                sources=frozenset({OrderStatus.PENDING}),
                reason=EXPIRED,
            )
            cancelled = order is not None
            if cancelled:
                work.record(
                    OrderCancelled(order_id=order_id, reason=EXPIRED), correlation_id=correlation_id
                )
        elif lapsed.status not in _NOT_BEING_PAID:
            logger().error(
                "hold of an order being paid has lapsed",
                extra={"order_id": str(order_id), "status": lapsed.status},
            )
            return False, False
        hold = release_stock(
            work, order_id, reason=EXPIRED, correlation_id=correlation_id, expired=True
        )
    return hold is not None, cancelled


def _record_levels(
    work: UnitOfWork,
    levels: Iterable[StockLevel],
    order_id: UUID | None,
    correlation_id: UUID | str,
) -> None:
    for level in levels:
        work.record(
            InventoryUpdated(
                product_id=level.product_id,
                quantity_available=level.available,
                stock_version=level.version,
                order_id=order_id,
            ),
            correlation_id=correlation_id,
        )


def _record_released(work: UnitOfWork, hold: Hold, reason: str, correlation_id: UUID | str) -> None:
    work.record(
        InventoryReleased(
            order_id=hold.order_id,
            reservation_id=hold.reservation_id,
            items=list(hold.items),
            reason=reason,
        ),
        correlation_id=correlation_id,
    )


def _record_lapsed(work: UnitOfWork, lapsed: Iterable[Hold], correlation_id: UUID | str) -> None:
    """Announce lapsed lines that made room for others; the sweep announces the rest of their orders."""
    for hold in lapsed:
        _record_released(work, hold, EXPIRED, correlation_id)


def _no_product(product_id: UUID) -> NotFound:
    return NotFound(f"There is no product {product_id}.", code="product_not_found")
