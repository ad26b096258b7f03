"""Amounts in what clients send."""

from decimal import Decimal


class Amount(Decimal):
    """A JSON number, read exactly; text that looks like one is refused (a plain `Decimal` is read from both)."""

    __slots__ = ()
