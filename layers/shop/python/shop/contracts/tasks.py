"""What the state machines pass to their tasks and get back. Amounts are in minor units here."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from shop.domain.inventory import Item


class CartLine(msgspec.Struct, frozen=True):
    """A line of the cart at checkout.

    Attributes
    ----------
    seen_price_minor : int or None
        What the customer was last shown; only compared with the catalog, never charged.
    """

    product_id: UUID
    quantity: int
    seen_price_minor: int | None = None


class CreateOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Input of place_order and of its first step. Repeating it gives the same order.

    Attributes
    ----------
    cart_id : UUID or None
        A cart has one order at a time that is not paid yet. None: not bought from a cart.
    """

    order_id: UUID
    user_id: UUID
    email: str | None
    cart_id: UUID | None = None
    items: list[CartLine]
    shipping_address: dict[str, str]
    shipping_method: str
    payment_method_id: str
    correlation_id: UUID


class PlacedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order, with name and price frozen."""

    product_id: UUID
    name: str
    unit_price_minor: int
    quantity: int


class PriceChange(msgspec.Struct, frozen=True, kw_only=True):
    """A line whose price is not what the customer saw in the cart."""

    product_id: UUID
    seen_price_minor: int
    price_minor: int


class PlacedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Output of create_order, and of place_order as a whole.

    Attributes
    ----------
    items : list of Item
        What is to be held, one entry a product.
    payment_timeout_seconds : int
        How long fulfil_order waits for the payment.
    """

    order_id: UUID
    status: str
    currency: str
    lines: list[PlacedLine]
    items: list[Item]
    subtotal_minor: int
    tax_minor: int
    shipping_minor: int
    total_minor: int
    reservation_expires_at: datetime
    estimated_delivery: date
    payment_timeout_seconds: int
    correlation_id: UUID
    price_changes: list[PriceChange] = []


class HoldOrderStock(msgspec.Struct, frozen=True, kw_only=True):
    """Input of hold_order_stock. Repeating it for an order gives the first hold."""

    order_id: UUID
    items: list[Item]
    expires_at: datetime
    correlation_id: UUID


class StockHeld(msgspec.Struct, frozen=True, kw_only=True):
    """Output of hold_order_stock."""

    reservation_id: UUID
    expires_at: datetime


class RejectOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Input of reject_order.

    Attributes
    ----------
    error : str
        Name of the error with which the stock was refused, for example ``InsufficientStock``.
    """

    order_id: UUID
    error: str


class AwaitStep(msgspec.Struct, frozen=True, kw_only=True):
    """Input of await_payment and await_confirmation."""

    order_id: UUID
    task_token: str


class StepOutcome(msgspec.Struct, frozen=True):
    """What the state machine is told when it is woken."""

    outcome: Literal["paid", "confirmed", "cancelled"]


class CloseOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Input of close_order.

    Attributes
    ----------
    step : str
        Where the state machine waited in vain.
    """

    order_id: UUID
    step: Literal["payment", "confirmation"]


class Decision(msgspec.Struct, frozen=True):
    """What the order's real status tells the state machine to do.

    Attributes
    ----------
    wait_seconds : int
        How long to wait for the event this time.
    """

    next: Literal["wait", "continue", "end"]
    wait_seconds: int = 0


class NotifyCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """Input of notify_customer."""

    order_id: UUID


class Notified(msgspec.Struct, frozen=True, kw_only=True):
    """Output of notify_customer.

    Attributes
    ----------
    status : str
        The order's status afterwards.
    """

    status: str


class Refusal(msgspec.Struct, frozen=True):
    """What a task says when it refuses: the message of the exception that it ends with."""

    code: str
    detail: str
    errors: list[tuple[str, str]] = []
