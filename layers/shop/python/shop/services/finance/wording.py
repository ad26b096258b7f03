"""Amounts for readers: rounded, with three digits of what is small."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}
_CENTS: Final = Decimal("0.01")
_DIGITS: Final = 3
UNKNOWN: Final = "not known"


def money(amount: Decimal | None, currency: str) -> str:
    """Write an amount.

    >>> [money(Decimal(text), "USD") for text in ("1234.5", "0.0123456", "0.00000123", "0")]
    ['$1,234.50', '$0.0123', '$0.00000123', '$0']
    """
    if amount is None:
        return UNKNOWN
    symbol = _symbol(currency)
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    size = abs(amount)
    if not size:
        return f"{symbol}0"
    places = min(Decimal(1).scaleb(size.adjusted() - _DIGITS + 1), _CENTS)
    return f"{sign}{symbol}{size.quantize(places, ROUND_HALF_EVEN):,f}"


def column(amounts: Sequence[Decimal], currency: str) -> list[str]:
    """Write amounts that are compared with each other: all with the places that the largest needs.

    >>> column([Decimal("0.123456"), Decimal("0.0041"), Decimal("0.00001")], "USD")
    ['$0.1235', '$0.0041', '<$0.0001']
    """
    largest = max(map(abs, amounts), default=Decimal(0))
    if not largest:
        return [money(amount, currency) for amount in amounts]
    step = min(Decimal(1).scaleb(largest.adjusted() - _DIGITS), _CENTS)
    return [_stepped(amount, step, currency) for amount in amounts]


def _stepped(amount: Decimal, step: Decimal, currency: str) -> str:
    symbol = _symbol(currency)
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    rounded = abs(amount).quantize(step, ROUND_HALF_EVEN)
    if amount and not rounded:
        return f"<{sign}{symbol}{step:f}"
    return f"{sign}{symbol}{rounded:,f}"


def share(part: Decimal, whole: Decimal) -> str:
    """Write a part of a whole in percent.

    >>> share(Decimal("1"), Decimal("3")).split()
    ['33.3', '%']
    """
    if not whole:
        return UNKNOWN
    percent = part * 100 / whole
    if 0 < percent < Decimal("0.05"):
        return "<\N{NO-BREAK SPACE}0.1\N{NO-BREAK SPACE}%"
    return f"{percent:.1f}\N{NO-BREAK SPACE}%"


def change(before: Decimal | None, now: Decimal | None) -> str:
    """Write by how much something changed.

    >>> change(Decimal(0), Decimal(5)), change(Decimal(5), Decimal(5))
    ('new', 'unchanged')
    """
    if before is None or now is None:
        return UNKNOWN
    if now == before:
        return "unchanged"
    if not before:
        return "new"
    percent = (now - before) * 100 / abs(before)
    arrow = "\N{BLACK UP-POINTING TRIANGLE}" if percent > 0 else "\N{BLACK DOWN-POINTING TRIANGLE}"
    return f"{arrow}\N{NO-BREAK SPACE}{abs(percent):,.1f}\N{NO-BREAK SPACE}%"


def _symbol(currency: str) -> str:
    return _SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
