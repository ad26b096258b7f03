"""Bodies of /api/cart."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from shop.contracts.http.amounts import Percent
from shop.contracts.http.orders import (
    CountryCode,
    Line100,
    MethodName,
    PostalCode,
    ShippingAddress,
)
from shop.domain.cart import MAX_QUANTITY, Obstacle

type Quantity = Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]


class AddItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A product and the quantity to add."""

    product_id: UUID
    quantity: Quantity


class SetItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The new quantity of a product."""

    quantity: Quantity


class CartLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line, at the catalog's current price.

    `available` is whether the whole quantity can be bought now, `available_quantity` how many units can, and
    `obstacle` why the line cannot be bought as it is; such a line does not count in the cart's total, and can
    be changed or removed.
    `price_changed` and `availability_changed` compare with the time at which the line was last written;
    `previous_price` is the price at that time.
    """

    product_id: UUID
    name: str
    price: Decimal
    quantity: int
    subtotal: Decimal
    available: bool
    available_quantity: int
    obstacle: Obstacle | None = None
    price_changed: bool
    previous_price: Decimal | None
    availability_changed: bool


class CartView(msgspec.Struct, frozen=True, kw_only=True):
    """A cart; `cart_id` and `expires_at` are null until the first item is added.

    `total` is the sum of the lines that can be bought, without tax to be added and shipping.
    """

    cart_id: UUID | None
    items: list[CartLine]
    total: Decimal
    currency: str
    expires_at: datetime | None


class QuoteCart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/cart/quote: a whole address, or a country with what is known of the rest.

    Attributes
    ----------
    shipping_method : str or None
        The method of the totals: by default `standard`, or the cheapest where that is not offered.
    """

    shipping_address: ShippingAddress | None = None
    country: CountryCode | None = None
    region: Line100 | None = None
    postal_code: PostalCode | None = None
    shipping_method: MethodName | None = None


class QuotedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its tax; one that cannot be bought has an `obstacle` and does not count in the totals.

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
    obstacle: Obstacle | None


class ShippingOption(msgspec.Struct, frozen=True, kw_only=True):
    """A shipping method: its price, the tax on it, what the order costs with it, and when it arrives."""

    method: str
    price: Decimal
    tax: Decimal
    total: Decimal
    estimated_delivery: date


class QuoteView(msgspec.Struct, frozen=True, kw_only=True):
    """Response of POST /api/cart/quote: what a checkout would charge now.

    `tax` is the tax of the lines and of shipping. Send `total` as `expected_total` to
    POST /api/orders/checkout, which refuses an order of another total. Ask again after `expires_at`.
    """

    cart_id: UUID
    lines: list[QuotedLine]
    shipping_options: list[ShippingOption]
    shipping_method: str
    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    shipping_tax: Decimal
    total: Decimal
    currency: str
    prices_include_tax: bool
    expires_at: datetime
