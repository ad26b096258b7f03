"""Limits and arithmetic of a cart."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

#: Maximum units of one product.
MAX_QUANTITY: Final = 999
#: Maximum number of different products.
MAX_LINES: Final = 100
#: A cart expires this long after its last write.
LIFETIME: Final = timedelta(days=7)
#: An addition that is repeated with the same Idempotency-Key within this time is made once.
REPEATED_FOR_SECONDS: Final = 24 * 3600
#: A cart with items counts as abandoned this long after its last write.
ABANDONED_AFTER: Final = timedelta(hours=24)


class Obstacle(StrEnum):
    """Why a line cannot be bought as it is."""

    NOT_SOLD = "not_sold"
    OUT_OF_STOCK = "out_of_stock"
    INSUFFICIENT_STOCK = "insufficient_stock"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line at the catalog's current price.

    Attributes
    ----------
    seen_price_minor : int or None
        The price shown when the line was last written, in minor units.
    available : int
        Units that can be sold now; 0 if the product is no longer for sale.
    is_sold : bool
        Whether the product is for sale.
    """

    product_id: UUID
    name: str
    price_minor: int
    seen_price_minor: int | None
    quantity: int
    available: int
    is_sold: bool = True

    @property
    def subtotal_minor(self) -> int:
        """Price times quantity, in minor units."""
        return self.price_minor * self.quantity

    @property
    def price_changed(self) -> bool:
        """Whether the price differs from the one that the shopper was shown."""
        return self.seen_price_minor is not None and self.seen_price_minor != self.price_minor

    @property
    def is_available(self) -> bool:
        """Whether the whole quantity can be bought now."""
        return self.obstacle is None

    @property
    def obstacle(self) -> Obstacle | None:
        """Why the line cannot be bought as it is; None if it can."""
        if not self.is_sold:
            return Obstacle.NOT_SOLD
        if self.available >= self.quantity:
            return None
        return Obstacle.INSUFFICIENT_STOCK if self.available else Obstacle.OUT_OF_STOCK


def total_minor(lines: Iterable[Line]) -> int:
    """Add up the lines that can be bought, in minor units."""
    return sum(line.subtotal_minor for line in lines if line.is_available)


class CartItem(msgspec.Struct, frozen=True):
    """A product in a cart.

    Attributes
    ----------
    seen_price_minor : int or None
        The unit price, in minor units, at the last time the line was written.
    """

    product_id: UUID
    quantity: int
    seen_price_minor: int | None = None


class Cart(msgspec.Struct, frozen=True):
    """A cart.

    Attributes
    ----------
    cart_id : UUID
        Assigned with the first item, valid until checkout.
    items : tuple of CartItem
        In the order in which they were added.
    expires_at : datetime
        Seven days after the last write.
    """

    cart_id: UUID
    items: tuple[CartItem, ...]
    expires_at: datetime

    def quantity_of(self, product_id: UUID) -> int:
        """Return the quantity of a product in the cart."""
        return next((i.quantity for i in self.items if i.product_id == product_id), 0)


class TrackedCart(msgspec.Struct, frozen=True):
    """A cart that is new or idle."""

    cart_id: UUID
    user_id: UUID
    last_write_at: datetime | None = None
