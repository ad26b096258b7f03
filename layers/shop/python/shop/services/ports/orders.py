"""Port of the orders."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from shop.domain.orders import OrderStatus


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


class OrderRepository(Protocol):
    """Orders inside one transaction."""

    def add(self, order: Order) -> bool:
        """Insert a PENDING order with its lines and first timeline entry.

        False, with nothing changed, if it is there already or its cart has another order that is not
        paid yet.
        """

    def get(self, order_id: UUID, *, lock: bool = False) -> Order | None:
        """Read an order with lines, timeline and whether money is on its way back.

        With `lock` its row is kept until the transaction ends. The status is then the row's latest; lines
        never change, but the rest is as of the statement's beginning, before it waited for the row.
        """

    def move(
        self,
        order_id: UUID,
        target: OrderStatus,
        *,
        sources: frozenset[OrderStatus] | None = None,
        reason: str | None = None,
        carrier: str | None = None,
        tracking_number: str | None = None,
        estimated_delivery: date | None = None,
    ) -> Order | None:
        """Compare-and-set the status and append to the timeline, in one statement.

        Parameters
        ----------
        sources : frozenset of OrderStatus, optional
            States to move from; by default every state from which the table allows the move.

        Returns
        -------
        Order or None
            The order after the move (without lines and timeline), or None if it was in no source state:
            a late or repeated event, which changes nothing.
        """

    def page(
        self,
        user_id: UUID,
        *,
        status: OrderStatus | None,
        limit: int,
        before: tuple[datetime, UUID] | None,
    ) -> Sequence[Order]:
        """Read a user's orders, newest first (with lines, without timeline)."""

    def stock_state(self, order_id: UUID) -> StockState:
        """Tell what has become of the stock that was held for an order."""
