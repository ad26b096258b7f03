"""Price lists as files: ``infra/pricing/<region>.json``, dated, with the source of each price."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from shop.domain.costs import Price, PriceList

type Text = Annotated[str, Meta(min_length=1)]
#: Text, as JSON's numbers are floats to many readers.
type Amount = Annotated[str, Meta(pattern=r"^(?:0|[1-9]\d*)(?:\.\d+)?$")]
#: A day, with a number if there is more than one list of it; later lists sort after earlier ones.
type Version = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}(?:\.\d)?$")]
type Url = Annotated[str, Meta(pattern=r"^https://\S+$")]
type Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class PriceFileError(Exception):
    """A price file cannot be used; the message names what is wrong."""


class _Entry(Struct, forbid_unknown_fields=True):
    key: Text
    unit: Text
    price: Amount
    tier: Text
    source: Url
    dated: date


class _File(Struct, forbid_unknown_fields=True):
    region: Text
    version: Version
    currency: Currency
    prices: Annotated[list[_Entry], Meta(min_length=1)]


def parse(content: bytes) -> PriceList:
    """Read a price file.

    Raises
    ------
    PriceFileError
        If a field is missing, unknown or malformed, or a key is there twice.
    """
    try:
        file = msgspec.json.decode(content, type=_File)
    except msgspec.MsgspecError as error:
        raise PriceFileError(str(error)) from error
    prices: dict[str, Price] = {}
    for entry in file.prices:
        if entry.key in prices:
            raise PriceFileError(f"{entry.key} is there twice")
        prices[entry.key] = Price(
            entry.key,
            entry.unit,
            Decimal(entry.price),
            file.currency,
            entry.tier,
            entry.source,
            entry.dated,
        )
    return PriceList(file.region, file.version, prices)


def write(prices: PriceList) -> bytes:
    """Write a price list as `parse` reads it."""
    (currency,) = {price.currency for price in prices.prices.values()}
    entries = [
        _Entry(price.key, price.unit, f"{price.amount:f}", price.tier, price.source, price.dated)
        for price in prices.prices.values()
    ]
    content = msgspec.json.encode(_File(prices.region, prices.version, currency, entries))
    return msgspec.json.format(content, indent=2) + b"\n"
