"""Tables of rates: versions that replace each other as a whole, each from a time on."""

from datetime import datetime

import msgspec


class TaxRow(msgspec.Struct, frozen=True):
    """The tax of a class in a country, or in one of its regions; ``*`` stands for every other one.

    `rate_ppm` is in millionths, which are 1/10,000 of a percent. `taxes_shipping` is set with the standard
    rate only, which then applies to shipping.
    """

    country: str
    region: str
    tax_class: str
    rate_ppm: int
    taxes_shipping: bool


class ShippingRow(msgspec.Struct, frozen=True):
    """The price of a shipping method to a country; ``*`` stands for every other one."""

    country: str
    method: str
    price_minor: int
    free_from_minor: int | None
    delivery_days: int


class Version[Row](msgspec.Struct, frozen=True):
    """A version of a table.

    Attributes
    ----------
    valid_from : datetime or None
        None for the rates with which the shop began.
    """

    version: int
    valid_from: datetime | None
    rows: tuple[Row, ...]
