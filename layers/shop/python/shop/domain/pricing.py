"""The price of an order: subtotal, tax and shipping, in minor units."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.money import MAX_AMOUNT_MINOR, to_decimal
from shop.domain.tax import STANDARD, Assessment, LineTax, Sale

#: The provider's minimum charge in minor units: Stripe's for US dollars, euros and yen. Where its minimum
#: is more, the provider refuses the charge (``amount_too_small``).
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

    def price_of(self, subtotal_minor: int, step: int = 1) -> int:
        """Return the price of shipping an order of this subtotal, in minor units.

        Parameters
        ----------
        step : int
            The smallest amount by which a charge can differ; the price is rounded to it, half up.
        """
        if self.free_from_minor is not None and subtotal_minor >= self.free_from_minor:
            return 0
        return (2 * self.price_minor + step) // (2 * step) * step


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of an order with one shipping method, in minor units.

    Attributes
    ----------
    lines : tuple of LineTax
        In the order of the sale's items.
    tax_included : bool
        Whether subtotal and shipping include the tax.
    """

    subtotal_minor: int
    lines: tuple[LineTax, ...]
    shipping_minor: int
    shipping_tax_minor: int
    tax_included: bool

    @property
    def tax_minor(self) -> int:
        """The tax of all lines and of shipping."""
        return sum(line.tax_minor for line in self.lines) + self.shipping_tax_minor

    @property
    def total_minor(self) -> int:
        """The amount to charge."""
        added = 0 if self.tax_included else self.tax_minor
        return self.subtotal_minor + added + self.shipping_minor


def totals_of(sale: Sale, assessment: Assessment, method: str) -> Totals:
    """Return the amounts of a sale with one of its shipping methods, whether or not they can be charged."""
    return Totals(
        subtotal_minor=sum(item.amount_minor for item in sale.items),
        lines=assessment.lines,
        shipping_minor=sale.shipping_minor[method],
        shipping_tax_minor=assessment.shipping_minor[method],
        tax_included=sale.prices_include_tax,
    )


def check_chargeable(totals: Totals, step: int) -> None:
    """Refuse amounts that the payment provider cannot charge.

    Raises
    ------
    AmountOutOfRange
        If the total is too small, too large, or no multiple of `step`.
    """
    if totals.total_minor > MAX_AMOUNT_MINOR:
        raise AmountOutOfRange("is more than can be charged at once; split the order")
    if totals.total_minor < MIN_CHARGE_MINOR:
        raise AmountOutOfRange("is less than the smallest amount that can be charged")
    if totals.total_minor % step:
        raise AmountOutOfRange(f"must be a multiple of {to_decimal(step)} to be charged")


class PricedProduct(msgspec.Struct, frozen=True):
    """A product that is for sale."""

    product_id: UUID
    name: str
    price_minor: int
    currency: str
    tax_class: str = STANDARD


class Quote(msgspec.Struct, frozen=True):
    """The current prices for an order, without tax.

    Attributes
    ----------
    now : datetime
        The database's clock, which also determines when holds expire.
    order_exists : bool
        Whether an earlier attempt has placed the order.
    products : mapping
        By id; products that are not for sale are missing.
    shipping : mapping
        The rates of the methods that are offered at the destination, by method.
    shipping_version : int
        The version of the shipping rates.
    """

    now: datetime
    order_exists: bool
    products: Mapping[UUID, PricedProduct]
    shipping: Mapping[str, ShippingRate]
    shipping_version: int
