"""The life of an order: one table of states and the moves between them."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec


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

#: States in which the customer's money has been taken and not given back.
CHARGED: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING, _S.SHIPPED, _S.DELIVERED})

#: Charged states from which an order may still be cancelled, once refunded.
REFUNDABLE: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING})


def sources_of(target: OrderStatus) -> frozenset[OrderStatus]:
    """Give the states from which `target` is one move away."""
    return frozenset(status for status, targets in TRANSITIONS.items() if target in targets)


class StockState(StrEnum):
    """What has become of the stock that was held for an order."""

    #: Nothing is held (any more).
    NONE = "none"
    HELD = "held"
    #: All of it was taken out of the stock for good.
    CONFIRMED = "confirmed"


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
