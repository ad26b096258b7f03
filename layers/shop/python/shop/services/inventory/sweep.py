"""Tidy up behind holds that were not paid in time."""

import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from shop.contracts.events import OrderCancelled
from shop.domain.ids import new_id
from shop.domain.orders import OrderStatus
from shop.services.inventory.announcements import EXPIRED
from shop.services.inventory.holds import NOT_BEING_PAID, release_stock
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

_SWEEP_BATCH: Final = 200


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
        _log.info("expired so far", extra={"counts": counts})
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
        elif lapsed.status not in NOT_BEING_PAID:
            _log.error(
                "hold of an order being paid has lapsed",
                extra={"order_id": str(order_id), "status": lapsed.status},
            )
            return False, False
        hold = release_stock(
            work, order_id, reason=EXPIRED, correlation_id=correlation_id, expired=True
        )
    return hold is not None, cancelled
