from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.money import MAX_AMOUNT_MINOR, apply_basis_points, to_decimal, to_minor


@given(st.integers(0, MAX_AMOUNT_MINOR))
def test_amounts_survive_the_border(minor: int) -> None:
    amount = to_decimal(minor)
    assert amount.as_tuple().exponent == -2
    assert to_minor(amount) == minor


@pytest.mark.parametrize(
    ("amount", "minor"), [("1.5", 150), ("1.50" + 40 * "0", 150), ("7e1", 7000), ("0e-400", 0)]
)
def test_trailing_zeros_are_no_decimals(amount: str, minor: int) -> None:
    assert to_minor(Decimal(amount)) == minor


@pytest.mark.parametrize(
    "amount",
    ["-0.01", "0.001", "NaN", "Infinity", "1000000.00", "1e9", "1.4" + 40 * "9", "1e-100000"],
)
def test_what_is_no_price_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="must"):
        to_minor(Decimal(amount))


@pytest.mark.parametrize(
    ("amount_minor", "rate_bps", "expected"),
    [(10_000, 725, 725), (99_999, 725, 7_250), (1, 4_999, 0), (1, 5_000, 1), (0, 10_000, 0)],
)
def test_rates_round_half_up(amount_minor: int, rate_bps: int, expected: int) -> None:
    assert apply_basis_points(amount_minor, rate_bps) == expected
