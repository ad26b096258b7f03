"""Cancels orders that were not paid in time, and expires lapsed holds."""

import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from shop.domain.ids import new_id
from shop.domain.orders import UNPAID, CancelReason, OrderStatus
from shop.observability import metric
from shop.services.inventory.holds import NOT_BEING_PAID, release_stock
from shop.services.orders.cancel import cancel
from shop.services.orders.ports import OrdersWork
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

_BATCH: Final = 200


def expire_reservations(
    open_unit_of_work: OpenUnitOfWork[OrdersWork],
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, int]:
    """Expire lapsed holds and cancel PENDING orders that were not paid in time.

    Parameters
    ----------
    seconds : float
        Maximum duration.

    Returns
    -------
    dict
        Number of ``released`` holds and ``cancelled`` orders.
    """
    deadline = clock() + seconds
    counts = {"released": 0, "cancelled": 0}
    try:
        while clock() < deadline:
            with open_unit_of_work() as work:
                lapsed = work.inventory.lapsed_orders(_BATCH)
            progress = 0
            for order_id in lapsed:
                if clock() >= deadline:
                    break
                released, cancelled = _expire(open_unit_of_work, order_id)
                counts["released"] += released
                counts["cancelled"] += cancelled
                progress += released or cancelled
            if len(lapsed) < _BATCH or not progress:
                break
            _log.info("expired so far", extra={"counts": counts})
    finally:
        # Also of a run that a server's outage cut short.
        if counts["released"]:
            metric("ReservationsExpired", counts["released"])
    return counts


def _expire(open_unit_of_work: OpenUnitOfWork[OrdersWork], order_id: UUID) -> tuple[bool, bool]:
    """Expire one order in its own transaction; return whether stock was released and it was cancelled."""
    reason = CancelReason.RESERVATION_EXPIRED
    with open_unit_of_work() as work:
        lapsed = work.inventory.claim_lapsed(order_id)
        if lapsed is None:
            return False, False
        if lapsed.status == OrderStatus.PENDING:
            cancelled = cancel(work, order_id, reason, sources=UNPAID, expired=True)
            return cancelled is not None and cancelled.released is not None, cancelled is not None
        if lapsed.status not in NOT_BEING_PAID:
            _log.error(
                "hold of an order being paid has lapsed",
                extra={
                    "order_id": str(order_id),
                    "correlation_id": str(lapsed.correlation_id),
                    "status": lapsed.status,
                },
            )
            return False, False
        released = release_stock(
            work,
            order_id,
            reason=reason,
            correlation_id=lapsed.correlation_id or new_id(),
            expired=True,
        )
    return released is not None, False
