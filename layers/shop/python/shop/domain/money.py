"""Money: integers in minor units internally, decimals in requests and responses.

A shop sells in one currency. `sell_in` sets it once per process, so that every amount that enters or leaves
has its decimals: 1000 is ``1000`` in yen, ``10.00`` in dollars and ``1.000`` in dinars.
"""

from decimal import Decimal
from typing import Final

#: Decimals of the currencies that do not have two: ISO 4217, list one
#: (https://www.six-group.com/en/products-services/financial-information/data-standards.html).
_EXPONENTS: Final = {
    "BHD": 3, "BIF": 0, "CLF": 4, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0,
    "KMF": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "UYI": 0,
    "UYW": 4, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
#: Largest amount accepted, in minor units: Stripe's maximum for one charge (eight digits).
MAX_AMOUNT_MINOR: Final = 99_999_999
#: Rates are counted in millionths.
MILLION: Final = 1_000_000

_WORDS: Final = {0: "no decimals", 2: "at most two decimals", 3: "at most three decimals",
                 4: "at most four decimals"}  # fmt: skip


class _Shop:
    currency = "USD"


def sell_in(currency: str) -> str:
    """Set the shop's currency (ISO 4217) and return the one that it replaces."""
    before, _Shop.currency = _Shop.currency, currency
    return before


def exponent_of(currency: str | None = None) -> int:
    """Return the number of decimals of a currency, by default the shop's.

    >>> exponent_of("JPY"), exponent_of("USD"), exponent_of("KWD")
    (0, 2, 3)
    """
    return _EXPONENTS.get(currency or _Shop.currency, 2)


def step_of(currency: str) -> int:
    """Return the smallest amount by which a charge can differ, in minor units.

    Stripe charges currencies with three decimals in multiples of ten only.
    """
    return 10 if exponent_of(currency) == 3 else 1


def to_minor(amount: Decimal, currency: str | None = None) -> int:
    """Convert a price into minor units.

    Parameters
    ----------
    amount : Decimal
        For example ``Decimal("999.99")``.
    currency : str, optional
        ISO 4217 code; the shop's by default.

    Returns
    -------
    int
        For example ``99999``.

    Raises
    ------
    ValueError
        If the amount is not finite, is negative, has more decimals than the currency, or exceeds the maximum.
    """
    currency = currency or _Shop.currency
    places = exponent_of(currency)
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be zero or more")
    if amount > to_decimal(MAX_AMOUNT_MINOR, currency):
        raise ValueError(f"must not exceed {to_decimal(MAX_AMOUNT_MINOR, currency)}")
    if not has_places(amount, places):
        raise ValueError(f"must have {_WORDS[places]}")
    return int(amount.scaleb(places))


def has_places(number: Decimal, places: int) -> bool:
    """Tell whether a finite number has at most so many decimals, not counting zeros at the end."""
    # By its digits, because arithmetic would round a long one first.
    _, digits, exponent = number.as_tuple()
    return not (
        isinstance(exponent, int) and exponent < -places and any(digits[exponent + places :])
    )


def to_decimal(amount_minor: int, currency: str | None = None) -> Decimal:
    """Convert minor units into a decimal with exactly the currency's places, by default the shop's.

    >>> to_decimal(99990, "USD"), to_decimal(1000, "JPY"), to_decimal(1234, "KWD")
    (Decimal('999.90'), Decimal('1000'), Decimal('1.234'))
    """
    return Decimal(amount_minor).scaleb(-exponent_of(currency))


def apply_rate(amount_minor: int, rate_ppm: int, step: int = 1) -> int:
    """Apply a rate to an amount and round half up.

    Parameters
    ----------
    amount_minor : int
        Amount in minor units, zero or more.
    rate_ppm : int
        In millionths, which are 1/10,000 of a percent.
    step : int
        The result is a multiple of it, in minor units.
    """
    whole = MILLION * step
    return (amount_minor * rate_ppm * 2 + whole) // (2 * whole) * step


def included_in(amount_minor: int, rate_ppm: int) -> int:
    """Return the part of an amount that a rate has added to it, rounded half up to a whole minor unit.

    >>> included_in(1190, 190_000)
    190
    """
    whole = MILLION + rate_ppm
    return (amount_minor * rate_ppm * 2 + whole) // (2 * whole)
