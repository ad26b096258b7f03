"""Bodies of /api/cart."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from shop.domain.cart import MAX_QUANTITY

type Quantity = Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]


class AddItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A product and the quantity to add."""

    product_id: UUID
    quantity: Quantity


class SetItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The new quantity of a product."""

    quantity: Quantity


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line, at the catalog's current price.

    `available` is whether the whole quantity can be bought now, `available_quantity` how many units can.
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
    price_changed: bool
    previous_price: Decimal | None
    availability_changed: bool


class CartView(msgspec.Struct, frozen=True, kw_only=True):
    """A cart; `cart_id` and `expires_at` are null until the first item is added."""

    cart_id: UUID | None
    items: list[CartLine]
    total: Decimal
    currency: str
    expires_at: datetime | None
