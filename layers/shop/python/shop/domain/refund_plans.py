"""Plans of refunds: the share that each unit has of what was charged."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.errors import Conflict, InvalidRequest
from shop.domain.money import to_decimal
from shop.domain.orders import Order, OrderLine
from shop.domain.refunds import Charge, Refund, RefundLine, proportion
from shop.domain.returns import Return, check_named

#: The reason of the refund of a return.
RETURNED: Final = "returned"


class Share(msgspec.Struct, frozen=True):
    """A part of what was charged, and the tax in it."""

    amount_minor: int
    tax_minor: int

    def part(self, first: int, last: int, whole: int) -> "Share":
        """Return the share of the units `first` (exclusive) to `last` out of `whole`.

        The parts of all units add up to the share, in whatever order and sizes they are taken.
        """
        return Share(
            self.amount_minor * last // whole - self.amount_minor * first // whole,
            self.tax_minor * last // whole - self.tax_minor * first // whole,
        )


class WantedLine(msgspec.Struct, frozen=True):
    """Units of a product that are to be refunded."""

    product_id: UUID
    quantity: int
    restock: bool = False


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be refunded: units, shipping, or an amount.

    Attributes
    ----------
    amount_minor : int or None
        Replaces the amount that the units and the shipping add up to.
    return_id : UUID or None
        The return that has received the units.
    """

    lines: tuple[WantedLine, ...] = ()
    shipping: bool = False
    amount_minor: int | None = None
    return_id: UUID | None = None
    reason: str


def line_shares(order: Order) -> Mapping[UUID, Share]:
    """Return the share that each line has of the order's total; with `shipping_share` they add up to it."""
    return {line.product_id: _line_share(order, line) for line in order.lines}


def _line_share(order: Order, line: OrderLine) -> Share:
    added = 0 if order.prices_include_tax else line.tax_minor
    return Share(line.subtotal_minor + added, line.tax_minor)


def shipping_share(order: Order) -> Share:
    """Return the share that the shipping has of the order's total."""
    lines = line_shares(order).values()
    return Share(
        order.total_minor - sum(share.amount_minor for share in lines),
        order.tax_minor - sum(share.tax_minor for share in lines),
    )


def plan_refund(order: Order, charge: Charge, wanted: Wanted, refund_id: UUID) -> Refund:
    """Work out a refund: its amount, its tax, and the share of each line.

    An earlier refund of an amount may leave less than the share of the units; then the refund is of what is
    left.

    Raises
    ------
    InvalidRequest
        A product is not in the order, or named twice.
    Conflict
        ``already_refunded``, ``return_in_progress`` or ``refund_exceeds_charge``.
    """
    lines = _lines(order, charge, wanted)
    shares = [Share(line.amount_minor, line.tax_minor) for line in lines]
    if wanted.shipping:
        if charge.shipping_refunded:
            raise Conflict("The shipping was refunded before.", code="already_refunded")
        shares.append(shipping_share(order))
    share = sum(each.amount_minor for each in shares)
    tax = sum(each.tax_minor for each in shares)
    if charge.left_minor == 0:
        raise Conflict("Nothing is left of the charge.", code="refund_exceeds_charge")
    amount = min(share, charge.left_minor) if wanted.amount_minor is None else wanted.amount_minor
    if amount > charge.left_minor:
        raise Conflict(
            f"Only {to_decimal(charge.left_minor)} {order.currency} is left of the charge.",
            code="refund_exceeds_charge",
        )
    if amount == 0:
        raise InvalidRequest("The refund adds up to nothing.")
    expected = proportion(tax, amount, share) if shares and share else None
    return Refund(
        refund_id=refund_id,
        order_id=order.order_id,
        payment_intent_id=charge.payment_intent_id,
        amount_minor=amount,
        tax_minor=charge.tax_in(amount, expected),
        reason=wanted.reason,
        shipping=wanted.shipping,
        lines=tuple(lines),
        return_id=wanted.return_id,
    )


def plan_refund_of_return(
    order: Order, charge: Charge, returned: Return, refund_id: UUID
) -> Refund | None:
    """Work out the refund of a received return; None if there is nothing to refund.

    There is nothing if the units were free of charge, or an earlier refund has left nothing.
    """
    lines = tuple(
        WantedLine(line.product_id, line.quantity, bool(line.restock)) for line in returned.lines
    )
    wanted = Wanted(lines=lines, return_id=returned.return_id, reason=RETURNED)
    share = sum(line.amount_minor for line in _lines(order, charge, wanted))
    if min(share, charge.left_minor) == 0:
        return None
    return plan_refund(order, charge, wanted, refund_id)


def rest_of(charge: Charge, refund_id: UUID, reason: str) -> Refund:
    """Work out the refund of everything that is left of a charge."""
    return Refund(
        refund_id=refund_id,
        order_id=charge.order_id,
        payment_intent_id=charge.payment_intent_id,
        amount_minor=charge.left_minor,
        tax_minor=charge.tax_in(charge.left_minor),
        reason=reason,
    )


def _lines(order: Order, charge: Charge, wanted: Wanted) -> list[RefundLine]:
    bought = {line.product_id: line.quantity for line in order.lines}
    shares = line_shares(order)
    named = [line.product_id for line in wanted.lines]
    lines = []
    for index, line in enumerate(wanted.lines):
        check_named(index, line.product_id, bought, named)
        quantity = bought[line.product_id]
        before = charge.units.get(line.product_id, 0)
        if before + line.quantity > quantity:
            raise Conflict(
                f"{before} of {quantity} units of {line.product_id} were refunded before.",
                code="already_refunded",
            )
        returning = 0 if wanted.return_id else charge.returning.get(line.product_id, 0)
        if before + returning + line.quantity > quantity:
            raise Conflict(
                f"{returning} units of {line.product_id} are in a return, which refunds them.",
                code="return_in_progress",
            )
        share = shares[line.product_id].part(before, before + line.quantity, quantity)
        lines.append(
            RefundLine(
                product_id=line.product_id,
                quantity=line.quantity,
                amount_minor=share.amount_minor,
                tax_minor=share.tax_minor,
                restock=line.restock,
            )
        )
    return lines
