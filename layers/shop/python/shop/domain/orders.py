"""The life of an order: one table of states and the moves between them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.cart import CartItem
from shop.domain.errors import NotFound
from shop.domain.inventory import Item
from shop.domain.sessions import OPERATORS, Session


class OrderStatus(StrEnum):
    """Where an order stands."""

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

#: Every legal move. The database's ``order_transitions`` repeats it; a test holds them equal.
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

#: States in which the customer's money has been taken and not given back.
CHARGED: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING, _S.SHIPPED, _S.DELIVERED})

#: Charged states from which an order may still be cancelled, once refunded.
REFUNDABLE: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING})

#: Refused states: one move away from CANCELLED, which a crash may have left to do.
STRANDED: Final = frozenset({_S.INVENTORY_UNAVAILABLE, _S.PAYMENT_FAILED})


class CancelReason(StrEnum):
    """Why the shop itself cancels an order; whoever cancels by hand writes a reason of their own."""

    INSUFFICIENT_STOCK = "insufficient_stock"
    #: The payment method does not exist, or cannot be charged.
    PAYMENT_METHOD_INVALID = "payment_method_invalid"
    PAYMENT_FAILED = "payment_failed"
    RESERVATION_EXPIRED = "reservation_expired"
    STOCK_NOT_CONFIRMED = "stock_not_confirmed"


def sources_of(target: OrderStatus) -> frozenset[OrderStatus]:
    """Give the states from which `target` is one move away."""
    return frozenset(status for status, targets in TRANSITIONS.items() if target in targets)


def order_not_found(order_id: UUID) -> NotFound:
    """Make the refusal for an order that is not there, or is another's."""
    return NotFound(f"There is no order {order_id}.", code="order_not_found")


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line, with name and price frozen when the order was placed."""

    product_id: UUID
    name: str
    unit_price_minor: int
    quantity: int

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
    """A line whose price differs from what the customer saw in the cart; in minor units."""

    product_id: UUID
    seen_price_minor: int
    price_minor: int


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order. `lines`, `timeline` and `refund_pending` are filled by the reads that say so."""

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
    lines: tuple[OrderLine, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    refund_pending: bool = False

    @property
    def items(self) -> list[Item]:
        """What the order takes out of the stock."""
        return [Item(line.product_id, line.quantity) for line in self.lines]

    @property
    def is_refundable(self) -> bool:
        """Whether it is charged and may still be cancelled, once refunded."""
        return self.status in REFUNDABLE

    def is_visible_to(self, session: Session) -> bool:
        """Whether a caller may see it: its owner, staff and services."""
        return self.user_id == session.user_id or session.role in OPERATORS

    def is_shipped_as(self, carrier: str, tracking_number: str) -> bool:
        """Whether it is on its way as this parcel."""
        parcel = (self.carrier, self.tracking_number)
        return self.status is OrderStatus.SHIPPED and parcel == (carrier, tracking_number)

    def price_changes(self, seen: Iterable[CartItem]) -> list[PriceChange]:
        """Give the lines whose price differs from what a cart showed."""
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
    """An order that has not moved for a while."""

    order_id: UUID
    status: OrderStatus
    correlation_id: UUID
    updated_at: datetime
