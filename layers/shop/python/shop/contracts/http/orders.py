"""Bodies of /api/orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from shop.contracts.http.amounts import Amount, Percent
from shop.contracts.http.identity import Email
from shop.contracts.http.patterns import COUNTRY, IDENTIFIER, LINE, LINK_CODE, METHOD, PHONE
from shop.contracts.http.returns import ReturnView
from shop.domain.orders import OrderStatus
from shop.domain.tax import TaxRule

type Line100 = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=LINE)]
type Line200 = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]
type PostalCode = Annotated[str, msgspec.Meta(min_length=1, max_length=20, pattern=LINE)]
type CountryCode = Annotated[
    str,
    msgspec.Meta(pattern=COUNTRY, description="ISO 3166-1 alpha-2", examples=["US", "DE"]),
]
type PaymentMethodId = Annotated[
    str, msgspec.Meta(min_length=1, max_length=255, pattern=IDENTIFIER)
]
type MethodName = Annotated[str, msgspec.Meta(max_length=30, pattern=METHOD)]
type Phone = Annotated[str, msgspec.Meta(max_length=31, pattern=PHONE)]
type Token = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=LINK_CODE)]
type PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
type Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ShippingAddress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The destination of an order. Which fields are required, and their formats, depend on the country.

    Attributes
    ----------
    region : str or None
        Code or name of the subdivision, for example ``CA``, ``US-CA`` or ``California``; it may determine the
        tax.
    """

    name: Line100
    line1: Line200
    line2: Line200 | None = None
    city: Line100 | None = None
    region: Line100 | None = None
    postal_code: PostalCode | None = None
    country: CountryCode


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the shop reaches the buyer about an order."""

    email: Email
    phone: Phone | None = None


class Checkout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/checkout.

    Attributes
    ----------
    pay_now : bool
        Whether to charge the payment method at once; otherwise POST /api/payments/process charges one.
    expected_total : Amount or None
        The total that the customer was shown; if it has changed, no order is created (``total_changed``).
    contact : Contact or None
        Required in a guest session; a customer's is the address of the account by default.
    """

    cart_id: UUID
    shipping_address: ShippingAddress
    payment_method_id: PaymentMethodId
    shipping_method: MethodName = "standard"
    pay_now: bool = False
    expected_total: Annotated[Amount, msgspec.Meta(examples=[54.98])] | None = None
    contact: Contact | None = None


class CancelOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/cancel."""

    reason: Line200 | None = None


class ShipOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/ship."""

    carrier: Line100
    tracking_number: Line100
    estimated_delivery: date | None = None


class DeliverOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/deliver; it has no fields."""


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of GET /api/orders."""

    status: OrderStatus | None = None
    limit: PageSize = 20
    cursor: Cursor | None = None


class OrderAccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of GET /api/orders/{order_id}.

    Attributes
    ----------
    token : str or None
        From the link that POST /api/orders/lookup sends, in place of a session. It is used once.
    """

    token: Token | None = None


class LookUpOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/lookup."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=LINE)]
    email: Email


class OrderItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order, with name, price and tax as they were when it was placed.

    `tax_percent` is the rate of its tax class at the destination, null if no single rate was applied.
    """

    product_id: UUID
    name: str
    price: Decimal
    quantity: int
    subtotal: Decimal
    tax: Decimal
    tax_class: str
    tax_percent: Percent | None


class ChangedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price that differs from the cart's; the order has the new one."""

    product_id: UUID
    old_price: Decimal
    new_price: Decimal


class _Outline(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that every view of an order includes.

    `tax` is the tax of the items and of shipping, `shipping_tax` the part that is due on shipping.
    `prices_include_tax` is whether `subtotal` and `shipping` include it: `total` is then their sum.
    `tax_rule` is how the tax was rounded: `line_half_up` for each line and for shipping, `order_half_up` once
    for the order.
    """

    order_id: UUID
    number: str
    status: OrderStatus
    items: list[OrderItem]
    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal
    currency: str
    shipping_tax: Decimal
    prices_include_tax: bool
    tax_rule: TaxRule


class OrderPlaced(_Outline, frozen=True, kw_only=True, omit_defaults=True):
    """Response of POST /api/orders/checkout.

    With `pay_now` the status is PAID, or PAYMENT_PROCESSING while the bank decides. If `client_secret` is
    set, the customer's browser must complete the bank's authentication.
    """

    reservation_expires_at: datetime
    estimated_delivery: date
    price_changes: list[ChangedPrice]
    payment_intent_id: str | None = None
    client_secret: str | None = None


class TimelineItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A status that the order reached."""

    status: OrderStatus
    timestamp: datetime
    reason: str | None = None
    carrier: str | None = None
    tracking_number: str | None = None


class OrderSummary(_Outline, frozen=True, kw_only=True):
    """An order in a list."""

    created_at: datetime
    estimated_delivery: date | None


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """Where the shop reaches the buyer about an order."""

    email: str | None
    phone: str | None


class PaymentState(msgspec.Struct, frozen=True, kw_only=True):
    """What was charged and what became of it.

    Attributes
    ----------
    refundable : Decimal
        What can still be refunded: less than charged minus refunded while a refund is pending or the
        charge is disputed.
    disputed : Decimal
        What the customer's bank has taken back, or may keep.
    """

    charged: Decimal
    refunded: Decimal
    refundable: Decimal
    disputed: Decimal


class OrderView(OrderSummary, frozen=True, kw_only=True):
    """Response of GET /api/orders/{order_id}.

    Attributes
    ----------
    refund_pending : bool
        A refund is pending. If it is of the whole charge, the order is cancelled once the provider
        confirms it.
    """

    contact: ContactView
    shipping_address: dict[str, str]
    shipping_method: str
    reservation_expires_at: datetime | None
    carrier: str | None
    tracking_number: str | None
    cancel_reason: str | None
    payment: PaymentState
    refund_pending: bool
    returns: list[ReturnView]
    timeline: list[TimelineItem]


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """Response of GET /api/orders; `next_cursor` requests the next page and is null on the last."""

    orders: list[OrderSummary]
    next_cursor: str | None


class OrderMoved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Response of cancel, ship and deliver."""

    order_id: UUID
    status: OrderStatus
    refund_pending: bool = False
    carrier: str | None = None
    tracking_number: str | None = None
    estimated_delivery: date | None = None
