"""Requests of customers to return units."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shop.contracts.events import ReturnRequested
from shop.contracts.http.returns import RequestReturn
from shop.domain.errors import Conflict
from shop.domain.links import LinkKind, digest
from shop.domain.orders import Order, OrderStatus, order_not_found
from shop.domain.returns import Return, ReturnLine, check_units, check_window
from shop.domain.sessions import Session
from shop.services.orders.read import visible_order
from shop.services.returns.ports import ReturnRequestsWork, ReturnsWork
from shop.services.unit_of_work import OpenUnitOfWork

_NOTHING_LEFT: Final = "The whole charge of the order was refunded before."


def request_return(
    open_unit_of_work: OpenUnitOfWork[ReturnRequestsWork],
    asker: Session | str,
    order_id: UUID,
    return_id: UUID,
    command: RequestReturn,
    *,
    window_days: int,
) -> Return:
    """Request to return units of a delivered order. Repeating it with the same id changes nothing.

    Parameters
    ----------
    asker : Session or str
        The caller, or the token of a link to the order, which is used up if the request is accepted.

    Raises
    ------
    NotFound
        ``order_not_found``: it does not exist, belongs to another customer, or the link is not its own.
    InvalidRequest
        A product is not in the order, or fewer units were bought.
    Conflict
        ``order_state_conflict``: it is not delivered; ``return_window_closed``, ``already_returned``,
        ``already_refunded`` or ``charge_disputed``.
    """
    with open_unit_of_work() as work:
        known = work.returns.get(return_id)
        if known is not None:
            return known
        order = _order(work, asker, order_id)
        _check_order(work, order, window_days)
        returned = Return(
            return_id=return_id,
            order_id=order_id,
            reason=command.reason,
            lines=tuple(
                ReturnLine(product_id=line.product_id, quantity=line.quantity)
                for line in command.lines
            ),
        )
        bought = {line.product_id: line.quantity for line in order.lines}
        check_units(returned.items, bought, work.returns.free_units(order_id))
        work.returns.add(returned)
        work.audit(
            "order.return_requested",
            "order",
            order_id,
            after={"return_id": return_id, "items": returned.items},
        )
        work.record(
            ReturnRequested(order_id=order_id, return_id=return_id, items=returned.items),
            correlation_id=order.correlation_id,
        )
        return work.returns.get(return_id) or returned


def _order(work: ReturnRequestsWork, asker: Session | str, order_id: UUID) -> Order:
    if not isinstance(asker, str):
        return visible_order(work, asker, order_id, lock=True)
    link = work.links.use(LinkKind.ORDER, digest(asker))
    order = work.orders.get(order_id, lock=True) if link and link.order_id == order_id else None
    if order is None:
        raise order_not_found(order_id)
    return order


def _check_order(work: ReturnsWork, order: Order, window_days: int) -> None:
    if order.status is not OrderStatus.DELIVERED:
        raise Conflict(
            f"The order is {order.status.value}; units can be returned once it is delivered.",
            code="order_state_conflict",
        )
    now = datetime.now(UTC)
    # The timeline is as of the statement's start, the status as of the lock: the last entry may be missing.
    delivered = [e.occurred_at for e in order.timeline if e.status is OrderStatus.DELIVERED]
    check_window(delivered[-1] if delivered else now, now, window_days)
    charge = work.refunds.charge(order.order_id)
    if charge is not None:
        charge.check_undisputed()
    if charge is None or charge.left_minor == 0:
        raise Conflict(_NOTHING_LEFT, code="already_refunded")
