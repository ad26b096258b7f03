from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.money import MAX_AMOUNT_MINOR, apply_rate, sell_in, to_decimal, to_minor


@given(
    st.integers(0, MAX_AMOUNT_MINOR),
    st.sampled_from([("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3)]),
)
def test_amounts_are_converted_both_ways_exactly(minor: int, currency: tuple[str, int]) -> None:
    """woocommerce-gateway-stripe #2720, Paymenter #1258 (anchor A23)."""
    code, places = currency
    amount = to_decimal(minor, code)
    assert amount.as_tuple().exponent == -places
    assert amount * 10**places == minor
    assert to_minor(amount, code) == minor


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("JPY", "1000", 1000), ("JPY", "1000.00", 1000), ("USD", "10", 1000), ("KWD", "1.25", 1250)],
)
def test_minor_units_are_those_of_the_currency(currency: str, amount: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("currency", "amount", "places"),
    [("JPY", "0.5", "no"), ("USD", "0.001", "two"), ("KWD", "0.0001", "three")],
)
def test_more_decimals_than_the_currency_has_are_refused(
    currency: str, amount: str, places: str
) -> None:
    with pytest.raises(ValueError, match=f"must have .*{places}.* decimals"):
        to_minor(Decimal(amount), currency)


def test_a_shop_sells_in_one_currency() -> None:
    before = sell_in("JPY")
    try:
        assert (to_decimal(1000), to_minor(Decimal(1000))) == (Decimal(1000), 1000)
    finally:
        assert sell_in(before) == "JPY"
    assert to_decimal(1000) == Decimal("10.00")


@pytest.mark.parametrize(
    ("amount", "minor"), [("1.5", 150), ("1.50" + 40 * "0", 150), ("7e1", 7000), ("0e-400", 0)]
)
def test_trailing_zeros_are_no_decimals(amount: str, minor: int) -> None:
    assert to_minor(Decimal(amount)) == minor


@pytest.mark.parametrize(
    "amount",
    ["-0.01", "0.001", "NaN", "Infinity", "1000000.00", "1e9", "1.4" + 40 * "9", "1e-100000"],
)
def test_an_invalid_price_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="must"):
        to_minor(Decimal(amount))


@pytest.mark.parametrize(
    ("amount_minor", "rate_ppm", "expected"),
    [
        (10_000, 72_500, 725),
        (99_999, 72_500, 7_250),
        (20_000, 88_750, 1_775),
        (1, 499_999, 0),
        (1, 500_000, 1),
        (0, 1_000_000, 0),
    ],
)
def test_rates_round_half_up(amount_minor: int, rate_ppm: int, expected: int) -> None:
    assert apply_rate(amount_minor, rate_ppm) == expected
