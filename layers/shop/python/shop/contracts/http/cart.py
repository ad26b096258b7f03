"""The cart."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from shop.domain.cart import MAX_QUANTITY

type Quantity = Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]


class AddItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """So many more of a product."""

    product_id: UUID
    quantity: Quantity


class SetItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How many of a product there shall be."""

    quantity: Quantity


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line, at the catalog's price of this moment.

    `available` says whether all of it could be bought now, `available_quantity` how many could.
    `price_changed` and `availability_changed` tell what is no longer as it was when the line was last
    written; `previous_price` is the price of then.
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
