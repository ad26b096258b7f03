"""Bodies of /api/admin/tax-rates and /api/admin/shipping-rates."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from shop.contracts.http.amounts import Amount, Percent, SentPercent
from shop.contracts.http.catalog import TaxClass
from shop.contracts.http.orders import Line100, MethodName
from shop.contracts.http.patterns import COUNTRY_OR_ELSE
from shop.domain.tax import STANDARD

type Destination = Annotated[
    str,
    msgspec.Meta(
        pattern=COUNTRY_OR_ELSE,
        description="ISO 3166-1 alpha-2, or * for every other country",
        examples=["DE", "*"],
    ),
]
type Days = Annotated[int, msgspec.Meta(ge=1, le=365)]


class TaxRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tax of a class of products in a country, or in one of its regions.

    The most specific country and region that have rates apply. Products whose class has no rate there are
    taxed at the standard rate, which every country and region in the list must have. A class is free of tax
    only if its rate is 0 percent there.

    Attributes
    ----------
    region : str
        Code or name of the subdivision, or ``*`` for every other one.
    percent : SentPercent
        With at most four decimals, such as 8.875.
    on_shipping : bool
        Whether shipping is taxed as well, at the standard rate: only that can say so.
    """

    country: Destination
    region: Line100 = "*"
    tax_class: TaxClass = STANDARD
    percent: SentPercent
    on_shipping: bool = False


class SetTaxRates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of PUT /api/admin/tax-rates: all rates, from a time on (by default now)."""

    rates: Annotated[list[TaxRate], msgspec.Meta(min_length=1, max_length=500)]
    valid_from: datetime | None = None


class TaxRateView(msgspec.Struct, frozen=True, kw_only=True):
    """A tax rate, in percent."""

    country: str
    region: str
    tax_class: str
    percent: Percent
    on_shipping: bool


class TaxRatesView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the tax rates; orders that are priced with it keep its number."""

    version: int
    valid_from: datetime | None
    rates: list[TaxRateView]


class ShippingRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of a shipping method to a country; `free_from` is the subtotal from which it is free."""

    country: Destination
    method: MethodName
    price: Amount
    free_from: Amount | None = None
    delivery_days: Days


class SetShippingRates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of PUT /api/admin/shipping-rates: all rates, from a time on (by default now)."""

    rates: Annotated[list[ShippingRate], msgspec.Meta(min_length=1, max_length=500)]
    valid_from: datetime | None = None


class ShippingRateView(msgspec.Struct, frozen=True, kw_only=True):
    """A shipping rate."""

    country: str
    method: str
    price: Decimal
    free_from: Decimal | None
    delivery_days: int


class ShippingRatesView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the shipping rates; orders that are priced with it keep its number."""

    version: int
    valid_from: datetime | None
    rates: list[ShippingRateView]
