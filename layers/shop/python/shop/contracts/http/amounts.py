"""Amounts of money in requests."""

from decimal import Decimal


class Amount(Decimal):
    """A JSON number, read exactly. Unlike `Decimal`, it does not accept numbers given as text."""

    __slots__ = ()
