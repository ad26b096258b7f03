"""Advances paid orders whose next event did not arrive, with the use cases that the consumers run."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from shop.domain.errors import DependencyUnavailable
from shop.domain.orders import CancelReason, OrderStatus, StaleOrder
from shop.services.inventory.holds import commit_stock
from shop.services.notifications import notify
from shop.services.notifications.ports import Mailer, NotificationsWork
from shop.services.orders.cancel import cancel
from shop.services.orders.confirm import confirm
from shop.services.payments.ports import PaymentsWork
from shop.services.payments.refunds import refund_rest
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

#: An event that has not moved an order by then counts as lost.
IDLE: Final = timedelta(minutes=5)
#: After this many consecutive failures the mail service counts as unavailable; the next run continues.
_FAILURES: Final = 3


class AdvanceWork(PaymentsWork, NotificationsWork, Protocol):
    """A transaction over all repositories that advancing an order needs."""


def advance_orders(
    open_unit_of_work: OpenUnitOfWork[AdvanceWork],
    mailer: Mailer,
    *,
    seconds: float,
    idle: timedelta = IDLE,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, int]:
    """Advance orders that stay PAID or CONFIRMED: commit stock and confirm, or e-mail and process.

    A PAID order without held stock is marked for a refund, which then cancels it. Concurrent runs share the
    work; each order has its own transaction.

    Parameters
    ----------
    seconds : float
        Time after which no further order is started.
    idle : timedelta
        Orders whose status changed more recently are left to their events.

    Returns
    -------
    dict of str to int
        Number of orders by result.

    Raises
    ------
    ExceptionGroup
        With the failures of individual orders; the others were advanced.
    """
    deadline = clock() + seconds
    counts: Counter[str] = Counter()
    errors: list[Exception] = []
    for status in (OrderStatus.PAID, OrderStatus.CONFIRMED):
        last: StaleOrder | None = None
        failures = 0
        while failures < _FAILURES and clock() < deadline:
            order = None
            try:
                with open_unit_of_work() as work:
                    order = work.orders.lock_stale(status, idle, after=last)
                    if order is None:
                        break
                    last = order
                    counts[_advance(work, mailer, order)] += 1
                failures = 0
            except Exception as error:
                if isinstance(error, DependencyUnavailable) and error.dependency == "postgresql":
                    raise
                _log.exception("order could not be advanced", extra=_about(order))
                errors.append(error)
                failures += 1
    if errors:
        raise ExceptionGroup("orders that could not be advanced", errors)
    return dict(counts)


def _about(order: StaleOrder | None) -> dict[str, str]:
    if order is None:
        return {}
    return {"order_id": str(order.order_id), "correlation_id": str(order.correlation_id)}


def _advance(work: AdvanceWork, mailer: Mailer, order: StaleOrder) -> str:
    """Advance one order whose row is locked."""
    order_id = order.order_id
    if order.status is OrderStatus.CONFIRMED:
        notify.order_confirmed(work, mailer, order_id)
        return "processed"
    if commit_stock(work, order_id, order.correlation_id):
        confirm(work, order_id)
        return "confirmed"
    reason = CancelReason.STOCK_NOT_CONFIRMED
    if not refund_rest(work, order_id, reason):
        cancel(work, order_id, reason)
        return "cancelled"
    return "refund_requested"
