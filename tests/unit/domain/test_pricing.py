"""Totals: exact, whatever the amounts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.countries import COUNTRIES
from shop.domain.money import MAX_AMOUNT_MINOR
from shop.domain.pricing import MIN_CHARGE_MINOR, AmountOutOfRange, ShippingRate, Totals, totals

RATES = st.builds(
    ShippingRate,
    price_minor=st.integers(0, 100_000),
    free_from_minor=st.none() | st.integers(0, 1_000_000),
    delivery_days=st.integers(1, 60),
)
LINES = st.lists(
    st.tuples(st.integers(0, MAX_AMOUNT_MINOR), st.integers(1, 999)), min_size=1, max_size=50
)


@given(LINES, st.integers(0, 10_000), RATES)
def test_a_total_is_the_sum_of_its_parts_or_is_refused(
    lines: list[tuple[int, int]], rate: int, shipping: ShippingRate
) -> None:
    subtotal = sum(price * quantity for price, quantity in lines)
    tax = (subtotal * rate + 5_000) // 10_000
    total = subtotal + tax + shipping.price_of(subtotal)
    if not MIN_CHARGE_MINOR <= total <= MAX_AMOUNT_MINOR:
        with pytest.raises(AmountOutOfRange):
            totals(lines, tax_rate_bps=rate, shipping=shipping)
        return
    found = totals(lines, tax_rate_bps=rate, shipping=shipping)
    assert found.total_minor == found.subtotal_minor + found.tax_minor + found.shipping_minor
    assert (found.subtotal_minor, found.total_minor) == (subtotal, total)
    assert abs(found.tax_minor - subtotal * rate / 10_000) <= 0.5
    assert found.shipping_minor in {0, shipping.price_minor}


@given(LINES, st.integers(0, 10_000), RATES, st.randoms())
def test_the_order_of_lines_does_not_matter(
    lines: list[tuple[int, int]], rate: int, shipping: ShippingRate, random: Random
) -> None:
    shuffled = random.sample(lines, len(lines))

    def result(some: list[tuple[int, int]]) -> Totals | str:
        try:
            return totals(some, tax_rate_bps=rate, shipping=shipping)
        except AmountOutOfRange as error:
            return str(error)

    assert result(lines) == result(shuffled)


@pytest.mark.parametrize(
    ("subtotal", "free_from", "price"), [(4999, 5000, 599), (5000, 5000, 0), (9999, None, 599)]
)
def test_shipping_is_free_from_an_amount(subtotal: int, free_from: int | None, price: int) -> None:
    assert ShippingRate(599, free_from, 5).price_of(subtotal) == price


def test_tax_is_rounded_once_half_up() -> None:
    rate = ShippingRate(0, None, 5)
    # 7.25 % of three times 0.20 is 4.35 cents; line by line it would be 3.
    assert totals([(20, 1)] * 3, tax_rate_bps=725, shipping=rate).tax_minor == 4
    assert totals([(100, 1)], tax_rate_bps=50, shipping=rate).tax_minor == 1


def test_what_cannot_be_charged_is_refused() -> None:
    free = ShippingRate(0, None, 5)
    assert totals([(MAX_AMOUNT_MINOR, 1)], tax_rate_bps=0, shipping=free).total_minor
    with pytest.raises(AmountOutOfRange, match="more than"):
        totals([(MAX_AMOUNT_MINOR, 1)], tax_rate_bps=1, shipping=free)
    with pytest.raises(AmountOutOfRange, match="less than"):
        totals([(49, 1)], tax_rate_bps=0, shipping=free)


def test_countries_are_those_of_iso_3166() -> None:
    assert len(COUNTRIES) == 249
    assert {"US", "DE", "GB", "BR", "AX", "ZW"} <= COUNTRIES
    assert not {"UK", "EU", "XX", "AN"} & COUNTRIES
