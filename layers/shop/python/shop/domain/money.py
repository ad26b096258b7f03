"""Money: integers in minor units internally, decimals with two places in requests and responses."""

from decimal import Decimal
from typing import Final

#: Largest amount accepted, in minor units: Stripe's maximum for one charge (eight digits).
MAX_AMOUNT_MINOR: Final = 99_999_999


def to_minor(amount: Decimal) -> int:
    """Convert a price with at most two decimals into minor units.

    Parameters
    ----------
    amount : Decimal
        For example ``Decimal("999.99")``.

    Returns
    -------
    int
        For example ``99999``.

    Raises
    ------
    ValueError
        If the amount is not finite, is negative, has more than two decimals or exceeds the maximum.
    """
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be zero or more")
    if amount > to_decimal(MAX_AMOUNT_MINOR):
        raise ValueError(f"must not exceed {to_decimal(MAX_AMOUNT_MINOR)}")
    _, digits, exponent = amount.as_tuple()
    # Checked by its digits, because arithmetic would round a long one first.
    if isinstance(exponent, int) and exponent < -2 and any(digits[exponent + 2 :]):
        raise ValueError("must have at most two decimals")
    return int(amount * 100)


def to_decimal(amount_minor: int) -> Decimal:
    """Convert minor units into a decimal with exactly two places (``99990`` → ``Decimal("999.90")``)."""
    return Decimal(amount_minor).scaleb(-2)


def apply_basis_points(amount_minor: int, rate_bps: int) -> int:
    """Apply a rate to an amount and round half up to a whole minor unit.

    Parameters
    ----------
    amount_minor : int
        Amount in minor units, zero or more.
    rate_bps : int
        Rate in basis points (1/100 of a percent).
    """
    return (amount_minor * rate_bps + 5_000) // 10_000
