"""Inputs and outputs of the tasks of `checkout`, and of the deployment. Amounts are in minor units."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from shop.contracts.http.payments import PaymentView
from shop.domain.cart import CartItem
from shop.domain.inventory import Item
from shop.domain.orders import Order, PriceChange


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Input of the state machine and of create_order. Repeating it gives the same order.

    Attributes
    ----------
    cart_id : UUID or None
        The cart, which has at most one unpaid order; None if the order does not come from a cart.
    items : list of CartItem
        Products and quantities. Their prices are compared with the catalog's, never charged.
    tax_region : str or None
        Code of the address's region (ISO 3166-2 without the country), if it has one.
    pay_now : bool
        Whether to charge the payment method at once.
    expected_total_minor : int or None
        The total that the customer was shown: an order of another total is not created.
    """

    order_id: UUID
    user_id: UUID
    email: str | None
    phone: str | None = None
    cart_id: UUID | None = None
    items: list[CartItem]
    shipping_address: dict[str, str]
    shipping_method: str
    payment_method_id: str
    pay_now: bool = False
    tax_region: str | None = None
    expected_total_minor: int | None = None
    correlation_id: UUID


class PlacedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Output of create_order and, with the payment, of the state machine.

    Attributes
    ----------
    payment : PaymentView or None
        The result of the payment; None without `pay_now`.
    """

    order: Order
    price_changes: list[PriceChange] = []
    payment: PaymentView | None = None


class HoldOrderStock(msgspec.Struct, frozen=True, kw_only=True):
    """Input of hold_order_stock. Repeating it for an order returns the first hold.

    Attributes
    ----------
    items : list of Item
        The order's lines; only product and quantity are used.
    """

    order_id: UUID
    items: list[Item]
    expires_at: datetime
    correlation_id: UUID


class StockHeld(msgspec.Struct, frozen=True, kw_only=True):
    """Output of hold_order_stock."""

    reservation_id: UUID
    expires_at: datetime


class ChargeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Input of charge_order. Repeating it never charges twice."""

    order_id: UUID
    payment_method_id: str
    correlation_id: UUID


class RejectOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Input of reject_order.

    Attributes
    ----------
    error : str
        Name of the error that a step raised.
    """

    order_id: UUID
    error: Literal["InsufficientStock", "InvalidRequest", "Conflict"]
    correlation_id: UUID


class Refusal(msgspec.Struct, frozen=True):
    """A refusal, as the message of the exception that a task raises."""

    code: str
    detail: str
    errors: list[tuple[str, str]] = []
    retry_after_seconds: int | None = None


class Migrate(msgspec.Struct, frozen=True, kw_only=True):
    """Input of platform/migrate, from the deployment.

    Attributes
    ----------
    templates : dict
        The templates that are deployed, by name, from which the monthly floor is computed.
    parameters : dict
        Values of their parameters, by template.
    """

    templates: dict[str, dict[str, Any]] = {}
    parameters: dict[str, dict[str, str]] = {}


class Migrated(msgspec.Struct, frozen=True, kw_only=True):
    """Output of platform/migrate.

    Attributes
    ----------
    applied : list of str
        Migrations applied by this call.
    prices : list of str
        Price lists loaded by this call.
    queues : list of str
        Every consumer's queue.
    kept_queues : list of str
        Queues of retired consumers that are not empty yet, with the reason.
    """

    applied: list[str]
    prices: list[str]
    queues: list[str]
    kept_queues: list[str]
