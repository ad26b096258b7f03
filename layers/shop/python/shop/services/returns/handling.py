"""What staff do with returns: approve or reject them, receive the units, refund them.

A return is received, its units are restocked and its refund is recorded in one transaction; the provider is
asked after the commit, and the reconciliation asks again until it has answered.
"""

from collections.abc import Collection
from uuid import UUID

from shop.contracts.events import ReturnApproved, ReturnReceived, ReturnRejected
from shop.domain.ids import new_id
from shop.domain.orders import Order, order_not_found
from shop.domain.refund_plans import plan_refund_of_return
from shop.domain.refunds import Refund, charge_disputed
from shop.domain.returns import Return, ReturnStatus, return_conflict, return_not_found
from shop.services.payments.ports import PaymentProvider
from shop.services.payments.refunding import add_refund, restock_units
from shop.services.payments.refunds import follow_up
from shop.services.returns.ports import ReturnsWork
from shop.services.unit_of_work import OpenUnitOfWork


def approve_return(
    open_unit_of_work: OpenUnitOfWork[ReturnsWork], order_id: UUID, return_id: UUID
) -> Return:
    """Approve a return: the customer may send the units. Repeating it changes nothing.

    Raises
    ------
    NotFound
        ``order_not_found`` or ``return_not_found``.
    Conflict
        ``return_state_conflict``.
    """
    with open_unit_of_work() as work:
        order, returned = _locked(work, order_id, return_id)
        if returned.status is ReturnStatus.APPROVED:
            return returned
        approved = _move(work, returned, ReturnStatus.APPROVED)
        work.record(
            ReturnApproved(order_id=order_id, return_id=return_id),
            correlation_id=order.correlation_id,
        )
    return approved


def reject_return(
    open_unit_of_work: OpenUnitOfWork[ReturnsWork], order_id: UUID, return_id: UUID, reason: str
) -> Return:
    """Reject a return: nothing is refunded for it. Repeating it with the same reason changes nothing.

    Raises
    ------
    NotFound
        ``order_not_found`` or ``return_not_found``.
    Conflict
        ``return_state_conflict``: it is refunded, or about to be, or was rejected for another reason.
    """
    with open_unit_of_work() as work:
        order, returned = _locked(work, order_id, return_id)
        if returned.status is ReturnStatus.REJECTED and returned.rejection_reason == reason:
            return returned
        if returned.refund_id is not None:
            raise return_conflict(returned, ReturnStatus.REJECTED)
        rejected = _move(work, returned, ReturnStatus.REJECTED, reason=reason)
        work.record(
            ReturnRejected(order_id=order_id, return_id=return_id),
            correlation_id=order.correlation_id,
        )
    return rejected


def receive_return(
    open_unit_of_work: OpenUnitOfWork[ReturnsWork],
    provider: PaymentProvider,
    order_id: UUID,
    return_id: UUID,
    *,
    named: Collection[UUID],
    restock: Collection[UUID],
) -> Return:
    """Record that the units of a return have arrived, restock them and refund them.

    Repeating it restocks and refunds nothing twice. While the charge is disputed it is not refunded:
    `refund_return` does so when the dispute has ended.

    Parameters
    ----------
    named, restock : collection of UUID
        The products that the request names, and those of them that go back into stock.

    Raises
    ------
    NotFound
        ``order_not_found`` or ``return_not_found``.
    InvalidRequest
        A product is not in the return, or named twice.
    Conflict
        ``return_state_conflict``: it is not approved, or was received with other units restocked;
        ``restock_conflict``.
    """
    with open_unit_of_work() as work:
        order, returned = _locked(work, order_id, return_id)
        returned.check_products(list(named))
        if returned.is_received:
            if {item.product_id for item in returned.restocked} != set(restock):
                raise return_conflict(returned, ReturnStatus.RECEIVED)
        else:
            returned = _move(work, returned, ReturnStatus.RECEIVED, restock=restock)
            _record_refund(work, order, returned)
            restock_units(work, order, returned.restocked)
            work.record(
                ReturnReceived(
                    order_id=order_id,
                    return_id=return_id,
                    items=returned.items,
                    restocked=returned.restocked,
                ),
                correlation_id=order.correlation_id,
            )
        pending = _pending_refund(work, return_id)
    return _carry_out(open_unit_of_work, provider, return_id, pending)


def refund_return(
    open_unit_of_work: OpenUnitOfWork[ReturnsWork],
    provider: PaymentProvider,
    order_id: UUID,
    return_id: UUID,
) -> Return:
    """Refund a received return that was not refunded on receipt. Repeating it refunds nothing twice.

    Raises
    ------
    NotFound
        ``order_not_found`` or ``return_not_found``.
    Conflict
        ``return_state_conflict``: it is not received; ``charge_disputed``.
    """
    with open_unit_of_work() as work:
        order, returned = _locked(work, order_id, return_id)
        if returned.status is ReturnStatus.REFUNDED:
            return returned
        if returned.status is not ReturnStatus.RECEIVED:
            raise return_conflict(returned, ReturnStatus.REFUNDED)
        if returned.refund_id is None and not _record_refund(work, order, returned):
            raise charge_disputed()
        pending = _pending_refund(work, return_id)
    return _carry_out(open_unit_of_work, provider, return_id, pending)


def _locked(work: ReturnsWork, order_id: UUID, return_id: UUID) -> tuple[Order, Return]:
    """Lock an order's row, and read a return of it, which nothing else changes meanwhile."""
    order = work.orders.get(order_id, lock=True)
    if order is None:
        raise order_not_found(order_id)
    return order, _read(work, return_id, order_id)


def _read(work: ReturnsWork, return_id: UUID, order_id: UUID) -> Return:
    returned = work.returns.get(return_id)
    if returned is None or returned.order_id != order_id:
        raise return_not_found(return_id)
    return returned


def _move(
    work: ReturnsWork,
    returned: Return,
    target: ReturnStatus,
    *,
    reason: str | None = None,
    restock: Collection[UUID] | None = None,
) -> Return:
    """Move a return, with its row of the audit log."""
    return_id = returned.return_id
    if not work.returns.move(return_id, target, rejection_reason=reason, restock=restock):
        raise return_conflict(returned, target)
    moved = _read(work, return_id, returned.order_id)
    after = {"return_id": return_id, "status": moved.status}
    if reason is not None:
        after["reason"] = reason
    if restock is not None:
        after["restocked"] = moved.restocked
    work.audit(
        f"order.return_{target.value}",
        "order",
        returned.order_id,
        before={"return_id": return_id, "status": returned.status},
        after=after,
    )
    return moved


def _record_refund(work: ReturnsWork, order: Order, returned: Return) -> bool:
    """Record the refund of a received return, or that there is nothing to refund.

    Returns
    -------
    bool
        False, with nothing changed, if the charge is disputed.
    """
    charge = work.refunds.charge(order.order_id)
    if charge is None:
        raise LookupError(f"nothing was charged for order {order.order_id}, which was delivered")
    if charge.is_disputed:
        return False
    refund = plan_refund_of_return(order, charge, returned, new_id())
    if refund is None:
        work.refunds.close_return(returned.return_id)
        return True
    add_refund(work, refund)
    return True


def _pending_refund(work: ReturnsWork, return_id: UUID) -> list[Refund]:
    returned = work.returns.get(return_id)
    if returned is None or returned.refund_id is None:
        return []
    refund = work.refunds.get(returned.refund_id)
    return [refund] if refund is not None and refund.is_pending else []


def _carry_out(
    open_unit_of_work: OpenUnitOfWork[ReturnsWork],
    provider: PaymentProvider,
    return_id: UUID,
    pending: list[Refund],
) -> Return:
    follow_up(provider, open_unit_of_work, pending)
    with open_unit_of_work(autocommit=True) as work:
        returned = work.returns.get(return_id)
    if returned is None:
        raise return_not_found(return_id)
    return returned
