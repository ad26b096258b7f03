"""Amounts as text, and quotients of them."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

from shop.domain.costs import EXACT
from shop.domain.money import to_decimal

#: Places of a quotient; amounts themselves are never rounded.
_PLACES: Final = Decimal("1e-12")
_QUOTIENTS: Final = Context(prec=EXACT.prec, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])


def text(amount: Decimal) -> str:
    """Write a decimal without an exponent and without zeros at its end.

    >>> text(Decimal("1.2300E-6")), text(Decimal("500"))
    ('0.00000123', '500')
    """
    if not amount:
        return "0"
    return f"{amount.normalize(EXACT):f}"


def optional_text(amount: Decimal | None) -> str | None:
    """Write a decimal that may be unknown."""
    return None if amount is None else text(amount)


def minor(amount: int) -> str:
    """Write an amount in minor units with two places."""
    return f"{to_decimal(amount):f}"


def quotient(amount: Decimal, number: Decimal | int) -> Decimal | None:
    """Divide, to twelve places; None if there is nothing to divide by.

    >>> quotient(Decimal(1), 3), quotient(Decimal(1), 0)
    (Decimal('0.333333333333'), None)
    """
    if not number:
        return None
    return _QUOTIENTS.divide(amount, Decimal(number)).quantize(_PLACES, context=_QUOTIENTS)
