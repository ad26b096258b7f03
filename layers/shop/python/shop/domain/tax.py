"""The tax of a sale: what a provider of taxes is asked, what it answers, and tables of rates."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from shop.domain.money import apply_rate, has_places, included_in, step_of

#: The class of products that have no other, and the rate for classes that have none at a destination.
STANDARD: Final = "standard"

#: Decimals of a percentage, whose smallest unit is then a millionth of the amount.
_PLACES: Final = 4
_HUNDREDTH: Final = Decimal("0.01")
_WHOLE: Final = Decimal(100)


class Untaxable(ValueError):
    """The destination does not determine the tax; the message says what is wrong with a field of it.

    Parameters
    ----------
    field : str
        ``country``, ``region`` or another field of the address.
    message : str
        For the customer, to follow the field's name.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class TaxRule(StrEnum):
    """How the tax of an order was rounded; stored with the order."""

    #: Once for the order, half up: orders placed before lines had a tax of their own.
    ORDER_HALF_UP = "order_half_up"
    #: For each line and for shipping, half up.
    LINE_HALF_UP = "line_half_up"


class TaxedItem(msgspec.Struct, frozen=True):
    """The price of a line, of the whole quantity, with the class that selects its rate."""

    amount_minor: int
    tax_class: str = STANDARD


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be taxed. It names no person.

    Attributes
    ----------
    destination : mapping
        What is known of ``country``, ``region``, ``postal_code``, ``city`` and ``line1``.
    region : str or None
        The region's code (ISO 3166-2 without the country), if it is known.
    currency : str
        ISO 4217 code.
    prices_include_tax : bool
        Whether the amounts include the tax.
    shipping_minor : mapping
        The price of each shipping method that the customer may choose.
    """

    destination: Mapping[str, str]
    region: str | None
    currency: str
    prices_include_tax: bool
    items: tuple[TaxedItem, ...]
    shipping_minor: Mapping[str, int]

    @property
    def country(self) -> str:
        """The country's ISO 3166-1 alpha-2 code."""
        return self.destination["country"]


class LineTax(msgspec.Struct, frozen=True):
    """The tax of a line and the rate in millionths; None if no single rate was applied."""

    tax_minor: int
    rate_ppm: int | None


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The tax of a sale.

    Attributes
    ----------
    lines : tuple of LineTax
        In the order of the sale's items.
    shipping_minor : mapping
        The tax on each shipping method of the sale.
    rule : TaxRule
        How it was rounded.
    standard_rate_ppm : int or None
        The rate of `STANDARD`, in millionths, if the provider has one.
    rates_version : int or None
        The version of the shop's own rates, if they were used.
    """

    lines: tuple[LineTax, ...]
    shipping_minor: Mapping[str, int]
    rule: TaxRule
    standard_rate_ppm: int | None = None
    rates_version: int | None = None


class DestinationRates(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of a destination in a table.

    Attributes
    ----------
    rates : mapping
        In millionths by tax class; `STANDARD` is always among them.
    taxes_shipping : bool
        Whether shipping is taxed, at the standard rate.
    is_regional : bool
        Whether rates differ by region in the country, so that there is no rate without a region.
    """

    version: int
    rates: Mapping[str, int]
    taxes_shipping: bool = False
    is_regional: bool = False

    def rate_of(self, tax_class: str) -> int:
        """Return the rate of a class: the standard rate if it has none, never zero for want of one."""
        return self.rates.get(tax_class, self.rates[STANDARD])


def tax_of(amount_minor: int, rate_ppm: int, *, included: bool, step: int = 1) -> int:
    """Return the tax of a line or of shipping, in minor units, by the rule `TaxRule.LINE_HALF_UP`.

    Parameters
    ----------
    included : bool
        Whether the amount includes the tax.
    step : int
        The smallest amount by which a charge can differ.
    """
    if included:
        return included_in(amount_minor, rate_ppm)
    return apply_rate(amount_minor, rate_ppm, step)


def percent_of(rate_ppm: int) -> Decimal:
    """Return a rate in percent, with two decimals or as many as it needs.

    >>> percent_of(72_500), percent_of(88_750)
    (Decimal('7.25'), Decimal('8.875'))
    """
    percent = Decimal(rate_ppm).scaleb(-_PLACES)
    return percent.quantize(_HUNDREDTH) if has_places(percent, 2) else percent.normalize()


def rate_of(percent: Decimal) -> int:
    """Return a rate in millionths.

    Parameters
    ----------
    percent : Decimal
        With at most four decimals, as in Stripe's tax rates; New York City has 8.875.

    Raises
    ------
    ValueError
        If it is not from 0 to 100, or has more decimals.
    """
    if not percent.is_finite() or percent < 0:
        raise ValueError("must be zero or more")
    if percent > _WHOLE:
        raise ValueError("must not exceed 100")
    if not has_places(percent, _PLACES):
        raise ValueError("must have at most four decimals")
    return int(percent.scaleb(_PLACES))


def assess_by_rates(sale: Sale, found: DestinationRates | None) -> Assessment:
    """Compute the tax of a sale by the rates of its destination.

    Raises
    ------
    Untaxable
        The destination has no rate, or its rate depends on a region that is not known.
    """
    if found is None:
        raise Untaxable("country", "has no tax rate; it cannot be ordered to")
    if found.is_regional and sale.region is None:
        raise Untaxable(
            "region",
            "is required here, as the tax depends on it; send its name or its ISO 3166-2 code",
        )
    step = step_of(sale.currency)

    def taxed(amount_minor: int, rate_ppm: int) -> int:
        return tax_of(amount_minor, rate_ppm, included=sale.prices_include_tax, step=step)

    standard = found.rates[STANDARD]
    return Assessment(
        lines=tuple(
            LineTax(taxed(item.amount_minor, rate), rate)
            for item in sale.items
            for rate in (found.rate_of(item.tax_class),)
        ),
        shipping_minor={
            method: taxed(price_minor, standard) if found.taxes_shipping else 0
            for method, price_minor in sale.shipping_minor.items()
        },
        rule=TaxRule.LINE_HALF_UP,
        standard_rate_ppm=standard,
        rates_version=found.version,
    )
