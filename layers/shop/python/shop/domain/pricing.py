"""The price of an order: subtotal, tax and shipping, in minor units."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.money import MAX_AMOUNT_MINOR, apply_basis_points

#: The provider's minimum charge in minor units (Stripe's for US dollars).
MIN_CHARGE_MINOR: Final = 50


class AmountOutOfRange(ValueError):
    """The total cannot be charged; the message says why."""


class ShippingRate(msgspec.Struct, frozen=True):
    """The price of a shipping method.

    Attributes
    ----------
    price_minor : int
        In minor units.
    free_from_minor : int or None
        Subtotal from which shipping is free, in minor units; None if it never is.
    delivery_days : int
        Calendar days until delivery.
    """

    price_minor: int
    free_from_minor: int | None
    delivery_days: int

    def price_of(self, subtotal_minor: int) -> int:
        """Return the price of shipping an order of this subtotal, in minor units."""
        if self.free_from_minor is not None and subtotal_minor >= self.free_from_minor:
            return 0
        return self.price_minor


class Totals(msgspec.Struct, frozen=True):
    """The amounts of an order, in minor units."""

    subtotal_minor: int
    tax_minor: int
    shipping_minor: int

    @property
    def total_minor(self) -> int:
        """The amount to charge."""
        return self.subtotal_minor + self.tax_minor + self.shipping_minor


def totals(
    lines: Iterable[tuple[int, int]], *, tax_rate_bps: int, shipping: ShippingRate
) -> Totals:
    """Compute the amounts of an order.

    Tax applies to the whole subtotal, so that it is rounded once, half up; shipping is not taxed.

    Parameters
    ----------
    lines : iterable of (int, int)
        Unit price in minor units, and quantity.
    tax_rate_bps : int
        In basis points.

    Raises
    ------
    AmountOutOfRange
        If the provider cannot charge the total.
    """
    subtotal_minor = sum(unit_price_minor * quantity for unit_price_minor, quantity in lines)
    result = Totals(
        subtotal_minor,
        apply_basis_points(subtotal_minor, tax_rate_bps),
        shipping.price_of(subtotal_minor),
    )
    if result.total_minor > MAX_AMOUNT_MINOR:
        raise AmountOutOfRange("is more than can be charged at once; split the order")
    if result.total_minor < MIN_CHARGE_MINOR:
        raise AmountOutOfRange("is less than the smallest amount that can be charged")
    return result


class PricedProduct(msgspec.Struct, frozen=True):
    """A product that is for sale."""

    product_id: UUID
    name: str
    price_minor: int
    currency: str


class Quote(msgspec.Struct, frozen=True):
    """The current prices for an order.

    Attributes
    ----------
    now : datetime
        The database's clock, which also determines when holds expire.
    order_exists : bool
        Whether an earlier attempt has placed the order.
    products : mapping
        By id; products that are not for sale are missing.
    tax_rate_bps : int
        From the most specific row for the destination, in basis points.
    shipping : ShippingRate or None
        From the most specific row for the destination; None if the method is not offered there.
    """

    now: datetime
    order_exists: bool
    products: Mapping[UUID, PricedProduct]
    tax_rate_bps: int
    shipping: ShippingRate | None
