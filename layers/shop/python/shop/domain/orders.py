"""Orders: their statuses and the transitions between them, in one table."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.cart import CartItem
from shop.domain.errors import NotFound
from shop.domain.inventory import Item
from shop.domain.returns import Return
from shop.domain.sessions import OPERATORS, Session
from shop.domain.tax import STANDARD, TaxRule


class OrderStatus(StrEnum):
    """The status of an order."""

    PENDING = "PENDING"
    PAYMENT_PROCESSING = "PAYMENT_PROCESSING"
    PAID = "PAID"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    INVENTORY_UNAVAILABLE = "INVENTORY_UNAVAILABLE"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    CANCELLED = "CANCELLED"


_S = OrderStatus

#: Every allowed transition. The database's ``order_transitions`` repeats it; a test compares the two.
TRANSITIONS: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    _S.PENDING: frozenset({_S.PAYMENT_PROCESSING, _S.INVENTORY_UNAVAILABLE, _S.CANCELLED}),
    _S.PAYMENT_PROCESSING: frozenset({_S.PAID, _S.PAYMENT_FAILED}),
    _S.PAID: frozenset({_S.CONFIRMED, _S.CANCELLED}),
    _S.CONFIRMED: frozenset({_S.PROCESSING, _S.CANCELLED}),
    _S.PROCESSING: frozenset({_S.SHIPPED, _S.CANCELLED}),
    _S.SHIPPED: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset(),
    _S.INVENTORY_UNAVAILABLE: frozenset({_S.CANCELLED}),
    _S.PAYMENT_FAILED: frozenset({_S.CANCELLED}),
    _S.CANCELLED: frozenset(),
}

#: States in which no payment has begun.
UNPAID: Final = frozenset({_S.PENDING})

#: Statuses in which the customer has been charged and not refunded.
CHARGED: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING, _S.SHIPPED, _S.DELIVERED})

#: Charged statuses from which an order may still be cancelled after a refund.
REFUNDABLE: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING})

#: Refused statuses, to be followed by CANCELLED; a crash may have prevented that transition.
STRANDED: Final = frozenset({_S.INVENTORY_UNAVAILABLE, _S.PAYMENT_FAILED})


class CancelReason(StrEnum):
    """Reasons for which the shop cancels an order; a person who cancels gives a reason in words."""

    INSUFFICIENT_STOCK = "insufficient_stock"
    #: The payment method does not exist or cannot be charged.
    PAYMENT_METHOD_INVALID = "payment_method_invalid"
    PAYMENT_FAILED = "payment_failed"
    RESERVATION_EXPIRED = "reservation_expired"
    STOCK_NOT_CONFIRMED = "stock_not_confirmed"


def sources_of(target: OrderStatus) -> frozenset[OrderStatus]:
    """Return the statuses from which an order may move to `target`."""
    return frozenset(status for status, targets in TRANSITIONS.items() if target in targets)


def order_not_found(order_id: UUID) -> NotFound:
    """Create the refusal for an order that does not exist or belongs to another customer."""
    return NotFound(f"There is no order {order_id}.", code="order_not_found")


def order_number(order_id: UUID) -> str:
    """Return an order's number, which customers and staff use: the end of its id.

    >>> order_number(UUID("0199e8a0-4444-7d5e-9f60-718293041526"))
    '7182-9304-1526'
    """
    end = order_id.hex[-12:].upper()
    return "-".join((end[:4], end[4:8], end[8:]))


def normal_number(text: str) -> str:
    """Return an order's number as `order_number` writes it, from typed text."""
    signs = "".join(sign for sign in text.upper() if sign.isalnum())
    signs = signs.translate(str.maketrans("OIL", "011"))
    return "-".join((signs[:4], signs[4:8], signs[8:]))


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line, with name, price and tax as of the order's placement.

    Attributes
    ----------
    tax_rate_ppm : int or None
        In millionths; None if no single rate was applied, or if it was not stored.
    """

    product_id: UUID
    name: str
    unit_price_minor: int
    quantity: int
    tax_minor: int = 0
    tax_class: str = STANDARD
    tax_rate_ppm: int | None = None

    @property
    def subtotal_minor(self) -> int:
        """Price times quantity, in minor units."""
        return self.unit_price_minor * self.quantity


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A status that an order reached."""

    status: OrderStatus
    occurred_at: datetime
    reason: str | None = None
    carrier: str | None = None
    tracking_number: str | None = None


class PriceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A line whose price differs from the one shown in the cart, in minor units."""

    product_id: UUID
    seen_price_minor: int
    price_minor: int


class PaymentTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What was charged for an order and what became of it, in minor units.

    Attributes
    ----------
    refundable_minor : int
        What is left to refund: less than charged minus refunded while refunds are pending or it is disputed.
    disputed_minor : int
        What the customer's bank has taken back, or may keep.
    """

    charged_minor: int
    refunded_minor: int
    refundable_minor: int
    disputed_minor: int


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order.

    Only reads that document it fill `lines`, `timeline`, `payment`, `refund_pending` and `returns`.

    Attributes
    ----------
    tax_minor : int
        Of all lines and of shipping.
    shipping_tax_minor : int
        The part of it that is due on shipping.
    tax_rate_ppm : int or None
        The destination's standard rate in millionths, which also applied to shipping where that is taxed;
        None if it has none, or if the order was placed before the rate was stored. Lines have their own.
    tax_rule : TaxRule
        How the tax was rounded.
    prices_include_tax : bool
        Whether prices, subtotal and shipping include the tax.
    tax_rates_version, shipping_rates_version : int or None
        The versions of the rates; None if others determined the tax, or for an order that was placed before
        there were any.
    """

    order_id: UUID
    user_id: UUID
    email: str | None
    status: OrderStatus
    currency: str
    subtotal_minor: int
    tax_minor: int
    shipping_minor: int
    total_minor: int
    shipping_address: dict[str, str]
    shipping_method: str
    payment_method_id: str | None
    reservation_expires_at: datetime | None
    estimated_delivery: date | None
    carrier: str | None
    tracking_number: str | None
    cancel_reason: str | None
    correlation_id: UUID
    created_at: datetime
    cart_id: UUID | None = None
    shipping_tax_minor: int = 0
    tax_rate_ppm: int | None = None
    tax_rule: TaxRule = TaxRule.ORDER_HALF_UP
    prices_include_tax: bool = False
    tax_rates_version: int | None = None
    shipping_rates_version: int | None = None
    phone: str | None = None
    lines: tuple[OrderLine, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    payment: PaymentTotals | None = None
    refund_pending: bool = False
    returns: tuple[Return, ...] = ()

    @property
    def number(self) -> str:
        """The number that customers and staff use."""
        return order_number(self.order_id)

    @property
    def items(self) -> list[Item]:
        """The products and quantities of the order."""
        return [Item(line.product_id, line.quantity) for line in self.lines]

    @property
    def is_refundable(self) -> bool:
        """Whether it is charged and may still be cancelled after a refund."""
        return self.status in REFUNDABLE

    @property
    def ended_unpaid(self) -> bool:
        """Whether it was cancelled without ever being paid; the timeline must have been read."""
        was_paid = any(entry.status is OrderStatus.PAID for entry in self.timeline)
        return self.status is OrderStatus.CANCELLED and not was_paid

    def is_visible_to(self, session: Session) -> bool:
        """Return whether a caller may see it: its owner, staff and services may."""
        return self.user_id == session.user_id or session.role in OPERATORS

    def is_shipped_as(self, carrier: str, tracking_number: str) -> bool:
        """Return whether it was shipped as this parcel."""
        parcel = (self.carrier, self.tracking_number)
        return self.status is OrderStatus.SHIPPED and parcel == (carrier, tracking_number)

    def price_changes(self, seen: Iterable[CartItem]) -> list[PriceChange]:
        """Return the lines whose price differs from the one shown in the cart."""
        prices = {line.product_id: line.unit_price_minor for line in self.lines}
        return [
            PriceChange(
                product_id=item.product_id,
                seen_price_minor=item.seen_price_minor,
                price_minor=prices[item.product_id],
            )
            for item in seen
            if item.seen_price_minor is not None
            and prices.get(item.product_id, item.seen_price_minor) != item.seen_price_minor
        ]


class StaleOrder(msgspec.Struct, frozen=True):
    """An order whose status has not changed for a while."""

    order_id: UUID
    status: OrderStatus
    correlation_id: UUID
    updated_at: datetime
