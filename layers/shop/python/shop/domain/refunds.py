"""Refunds: a ledger of what a charge has returned, and the share that each unit has of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from shop.domain.errors import Conflict, InvalidRequest
from shop.domain.money import to_decimal
from shop.domain.orders import Order, OrderLine


class RefundStatus(StrEnum):
    """The status of a refund. VOIDED: replaced, because less was left of the charge than it asked for."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    VOIDED = "voided"


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


class RefundLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product that a refund is for."""

    product_id: UUID
    quantity: int
    amount_minor: int
    tax_minor: int
    restock: bool = False


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of a charge, or of a part of it.

    Attributes
    ----------
    shipping : bool
        Whether the shipping costs are part of it.
    external : bool
        Whether it was made elsewhere, for example in the provider's dashboard.
    problem : str or None
        Why it could not be made yet, or has returned no money; staff must act.
    lines : tuple of RefundLine
        Empty for a refund of an amount, or of what is left.
    age : timedelta
        Time since it was recorded.
    """

    refund_id: UUID
    order_id: UUID
    payment_intent_id: str
    amount_minor: int
    tax_minor: int = 0
    reason: str
    status: RefundStatus = RefundStatus.PENDING
    shipping: bool = False
    external: bool = False
    provider_refund_id: str | None = None
    problem: str | None = None
    lines: tuple[RefundLine, ...] = ()
    created_at: datetime | None = None
    age: timedelta = timedelta()

    @property
    def is_pending(self) -> bool:
        """Whether it is recorded and not carried out yet."""
        return self.status is RefundStatus.PENDING


class ProviderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund, as the provider reports it.

    Attributes
    ----------
    is_dead : bool
        Whether it failed or was cancelled: no money was returned.
    refund_id : UUID or None
        The shop's own id; None if the refund was made elsewhere.
    """

    provider_refund_id: str
    payment_intent_id: str
    amount_minor: int
    is_dead: bool
    refund_id: UUID | None = None


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What was charged for an order, and what of it has been returned.

    Attributes
    ----------
    refunded_minor : int
        Including pending refunds.
    tax_minor, refunded_tax_minor : int
        The tax in the charge, and in its refunds.
    disputed_minor : int
        What the customer's bank has taken back, or may keep.
    refunds : int
        Number of refunds, in whatever status.
    units : dict of UUID to int
        Refunded units by product.
    """

    payment_intent_id: str
    order_id: UUID
    correlation_id: UUID
    charged_minor: int
    refunded_minor: int
    tax_minor: int
    refunded_tax_minor: int
    disputed_minor: int
    shipping_refunded: bool
    refunds: int
    units: dict[UUID, int]

    @property
    def left_minor(self) -> int:
        """What can still be refunded."""
        return max(0, self.charged_minor - self.refunded_minor - self.disputed_minor)

    @property
    def is_disputed(self) -> bool:
        """Whether the customer's bank has taken money back, or may keep it."""
        return self.disputed_minor > 0

    def tax_in(self, amount_minor: int, expected_minor: int | None = None) -> int:
        """Return the tax in a refund; that of the last one is what is left of the charge's tax.

        Parameters
        ----------
        expected_minor : int, optional
            The tax of the refunded units; by default the same proportion as in the charge.
        """
        left = self.tax_minor - self.refunded_tax_minor
        if amount_minor >= self.charged_minor - self.refunded_minor:
            return max(0, min(left, amount_minor))
        if expected_minor is None:
            expected_minor = _proportion(self.tax_minor, amount_minor, self.charged_minor)
        return max(0, min(expected_minor, left, amount_minor))


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
    """

    lines: tuple[WantedLine, ...] = ()
    shipping: bool = False
    amount_minor: int | None = None
    reason: str


def refund_key(refund_id: UUID) -> str:
    """Return the idempotency key of a refund, so that it is made once however often it is sent."""
    return f"refund:{refund_id}"


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
        ``already_refunded`` or ``refund_exceeds_charge``.
    """
    lines = _lines(order, charge, wanted.lines)
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
    expected = _proportion(tax, amount, share) if shares and share else None
    return Refund(
        refund_id=refund_id,
        order_id=order.order_id,
        payment_intent_id=charge.payment_intent_id,
        amount_minor=amount,
        tax_minor=charge.tax_in(amount, expected),
        reason=wanted.reason,
        shipping=wanted.shipping,
        lines=tuple(lines),
    )


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


def _lines(order: Order, charge: Charge, wanted: Sequence[WantedLine]) -> list[RefundLine]:
    bought = {line.product_id: line.quantity for line in order.lines}
    shares = line_shares(order)
    lines = []
    for index, line in enumerate(wanted):
        quantity = bought.get(line.product_id)
        if quantity is None:
            raise InvalidRequest.field(f"lines[{index}].product_id", "is not in the order")
        if line.product_id in {other.product_id for other in wanted[:index]}:
            raise InvalidRequest.field(f"lines[{index}].product_id", "is named twice")
        before = charge.units.get(line.product_id, 0)
        if before + line.quantity > quantity:
            raise Conflict(
                f"{before} of {quantity} units of {line.product_id} were refunded before.",
                code="already_refunded",
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


def _proportion(amount_minor: int, part: int, whole: int) -> int:
    """Return `part` / `whole` of an amount, rounded half up."""
    return (2 * amount_minor * part + whole) // (2 * whole) if whole else 0
