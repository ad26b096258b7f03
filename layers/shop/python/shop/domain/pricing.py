"""The price of an order: subtotal, tax and shipping, in minor units."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.money import (
    MAX_AMOUNT_MINOR,
    apply_basis_points,
    included_basis_points,
    to_decimal,
)

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

    def price_of(self, subtotal_minor: int) -> int:
        """Return the price of shipping an order of this subtotal, in minor units."""
        if self.free_from_minor is not None and subtotal_minor >= self.free_from_minor:
            return 0
        return self.price_minor


class TaxRule(StrEnum):
    """How the tax of an order was rounded; stored with the order."""

    #: Once for the order, half up: orders placed before lines had a tax of their own.
    ORDER_HALF_UP = "order_half_up"
    #: For each line and for shipping, half up.
    LINE_HALF_UP = "line_half_up"


class Tax(msgspec.Struct, frozen=True):
    """The tax of a destination.

    Attributes
    ----------
    rate_bps : int
        In basis points.
    on_shipping : bool
        Whether the destination taxes shipping.
    regional : bool
        Whether rates differ by region in the country, so that there is no rate without a region.
    """

    rate_bps: int = 0
    on_shipping: bool = False
    regional: bool = False


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of an order, in minor units.

    Attributes
    ----------
    line_taxes_minor : tuple of int
        In the order of the lines.
    tax_minor : int
        Of all lines and of shipping.
    tax_included : bool
        Whether subtotal and shipping include the tax.
    """

    subtotal_minor: int
    line_taxes_minor: tuple[int, ...]
    shipping_minor: int
    shipping_tax_minor: int
    tax_included: bool

    @property
    def tax_minor(self) -> int:
        """The tax of all lines and of shipping."""
        return sum(self.line_taxes_minor) + self.shipping_tax_minor

    @property
    def total_minor(self) -> int:
        """The amount to charge."""
        added = 0 if self.tax_included else self.tax_minor
        return self.subtotal_minor + added + self.shipping_minor


def tax_of(amount_minor: int, rate_bps: int, *, included: bool, step: int = 1) -> int:
    """Return the tax of a line or of shipping, in minor units, by the rule `TaxRule.LINE_HALF_UP`.

    Parameters
    ----------
    included : bool
        Whether the amount includes the tax.
    step : int
        The smallest amount by which a charge can differ.
    """
    if included:
        return included_basis_points(amount_minor, rate_bps)
    return apply_basis_points(amount_minor, rate_bps, step)


def amounts(
    lines: Iterable[tuple[int, int]],
    *,
    tax: Tax,
    shipping: ShippingRate,
    tax_included: bool = False,
    step: int = 1,
) -> Totals:
    """Compute the amounts of an order, whether or not they can be charged.

    Parameters
    ----------
    lines : iterable of (int, int)
        Unit price in minor units, and quantity.
    tax_included : bool
        Whether prices include the tax: the total is then the sum of the prices.
    step : int
        The smallest amount by which a charge can differ.
    """
    subtotals = [unit_price_minor * quantity for unit_price_minor, quantity in lines]
    subtotal_minor = sum(subtotals)
    shipping_minor = shipping.price_of(subtotal_minor)
    shipping_minor = (2 * shipping_minor + step) // (2 * step) * step

    def taxed(amount_minor: int) -> int:
        return tax_of(amount_minor, tax.rate_bps, included=tax_included, step=step)

    return Totals(
        subtotal_minor=subtotal_minor,
        line_taxes_minor=tuple(map(taxed, subtotals)),
        shipping_minor=shipping_minor,
        shipping_tax_minor=taxed(shipping_minor) if tax.on_shipping else 0,
        tax_included=tax_included,
    )


def totals(
    lines: Iterable[tuple[int, int]],
    *,
    tax: Tax,
    shipping: ShippingRate,
    tax_included: bool = False,
    step: int = 1,
) -> Totals:
    """Compute the amounts of an order as `amounts` does, and check that they can be charged.

    Raises
    ------
    AmountOutOfRange
        If the provider cannot charge the total.
    """
    result = amounts(lines, tax=tax, shipping=shipping, tax_included=tax_included, step=step)
    if result.total_minor > MAX_AMOUNT_MINOR:
        raise AmountOutOfRange("is more than can be charged at once; split the order")
    if result.total_minor < MIN_CHARGE_MINOR:
        raise AmountOutOfRange("is less than the smallest amount that can be charged")
    if result.total_minor % step:
        raise AmountOutOfRange(f"must be a multiple of {to_decimal(step)} to be charged")
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
    tax : Tax or None
        From the most specific row for the destination; None if there is none.
    shipping : mapping
        The rates of the methods that are offered at the destination, by method.
    tax_version, shipping_version : int
        The versions of the rates.
    """

    now: datetime
    order_exists: bool
    products: Mapping[UUID, PricedProduct]
    tax: Tax | None
    shipping: Mapping[str, ShippingRate]
    tax_version: int
    shipping_version: int
