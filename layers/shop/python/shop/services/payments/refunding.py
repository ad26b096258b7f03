"""Refunds on request of staff, and the list of an order's refunds."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shop.contracts.http.refunds import (
    RefundedUnits,
    RefundLineView,
    RefundList,
    RefundOrder,
    RefundView,
)
from shop.domain.errors import Conflict, InvalidRequest
from shop.domain.inventory import Item
from shop.domain.money import to_decimal, to_minor
from shop.domain.orders import Order, order_not_found
from shop.domain.refund_plans import Wanted, WantedLine, plan_refund
from shop.domain.refunds import Refund
from shop.domain.sessions import Session
from shop.services.inventory.announcements import announce_levels
from shop.services.orders.read import visible_order
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.payments.refunds import follow_up
from shop.services.unit_of_work import OpenReading, OpenUnitOfWork


def refund_order(
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    provider: PaymentProvider,
    order_id: UUID,
    refund_id: UUID,
    command: RefundOrder,
) -> Refund:
    """Refund units of an order, its shipping, or an amount. Repeating it with the same id is safe.

    The refund is recorded before the provider is asked; without an answer it stays pending, and the
    reconciliation carries it out.

    Raises
    ------
    NotFound
        ``order_not_found``.
    InvalidRequest
        It asks for nothing, or for a product that is not in the order.
    Conflict
        ``already_refunded``, ``return_in_progress``, ``refund_exceeds_charge``, ``charge_disputed`` or
        ``restock_conflict``.
    """
    wanted = _wanted(command)
    with open_unit_of_work() as work:
        order = work.orders.get(order_id, lock=True)
        if order is None:
            raise order_not_found(order_id)
        refund = work.refunds.get(refund_id)
        if refund is None:
            refund = _record(work, order, wanted, refund_id)
    if not refund.is_pending:
        return refund
    follow_up(provider, open_unit_of_work, [refund])
    with open_unit_of_work(autocommit=True) as work:
        return work.refunds.get(refund_id) or refund


def list_refunds(
    read: OpenReading[PaymentsWork], shopper: Session, order_id: UUID
) -> Sequence[Refund]:
    """Read the refunds of an order, oldest first.

    Raises
    ------
    NotFound
        ``order_not_found``: it does not exist, or belongs to another customer.
    """
    with read() as work:
        visible_order(work, shopper, order_id)
        return work.refunds.of_order(order_id)


def view(refund: Refund) -> RefundView:
    """Return the view of a recorded refund."""
    if refund.created_at is None:
        raise ValueError("the refund was not read from the ledger")
    return RefundView(
        refund_id=refund.refund_id,
        status=refund.status,
        amount=to_decimal(refund.amount_minor),
        tax=to_decimal(refund.tax_minor),
        shipping=refund.shipping,
        lines=[
            RefundLineView(
                product_id=line.product_id,
                quantity=line.quantity,
                amount=to_decimal(line.amount_minor),
                tax=to_decimal(line.tax_minor),
                restock=line.restock,
            )
            for line in refund.lines
        ],
        reason=refund.reason,
        external=refund.external,
        return_id=refund.return_id,
        created_at=refund.created_at,
    )


def views(refunds: Sequence[Refund]) -> RefundList:
    """Return the view of an order's refunds."""
    return RefundList(refunds=[view(refund) for refund in refunds])


def _record(work: PaymentsWork, order: Order, wanted: Wanted, refund_id: UUID) -> Refund:
    charge = work.refunds.charge(order.order_id)
    if charge is None:
        raise Conflict(
            f"The order is {order.status.value}; nothing was charged for it.",
            code="refund_exceeds_charge",
        )
    charge.check_undisputed()
    refund = plan_refund(order, charge, wanted, refund_id)
    add_refund(work, refund)
    restocked = [Item(line.product_id, line.quantity) for line in refund.lines if line.restock]
    restock_units(work, order, restocked)
    return refund


def add_refund(work: PaymentsWork, refund: Refund) -> None:
    """Record a refund that staff want, with its row of the audit log."""
    work.refunds.add(refund)
    after: dict[str, Any] = {
        "refund_id": refund.refund_id,
        "amount_minor": refund.amount_minor,
        "reason": refund.reason,
    }
    if refund.return_id is not None:
        after["return_id"] = refund.return_id
    work.audit("order.refund_requested", "order", refund.order_id, after=after)


def restock_units(work: PaymentsWork, order: Order, items: Sequence[Item]) -> None:
    """Put units of an order back into stock, inside a transaction that has locked its row.

    Raises
    ------
    Conflict
        ``restock_conflict``.
    """
    if not items:
        return
    levels = work.inventory.restock(order.order_id, items)
    if len(levels) < len(items):
        raise Conflict(
            "The order has not taken the units out of stock, or they were put back before.",
            code="restock_conflict",
        )
    announce_levels(work, levels, order.correlation_id)


def _wanted(command: RefundOrder) -> Wanted:
    if not command.lines and not command.shipping and command.amount is None:
        raise InvalidRequest("Ask for lines, for the shipping or for an amount.")
    return Wanted(
        lines=tuple(map(_line, command.lines)),
        shipping=command.shipping,
        amount_minor=_amount(command),
        reason=command.reason,
    )


def _line(units: RefundedUnits) -> WantedLine:
    return WantedLine(units.product_id, units.quantity, units.restock)


def _amount(command: RefundOrder) -> int | None:
    if command.amount is None:
        return None
    try:
        amount = to_minor(command.amount)
    except ValueError as error:
        raise InvalidRequest.field("amount", str(error)) from error
    if amount == 0:
        raise InvalidRequest.field("amount", "must be more than zero")
    return amount
