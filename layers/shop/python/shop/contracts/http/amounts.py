"""Amounts in what clients send."""

from decimal import Decimal


class Amount(Decimal):
    """A JSON number, read exactly; text that looks like one is refused, which a plain `Decimal` takes."""

    __slots__ = ()
