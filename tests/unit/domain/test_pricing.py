"""Totals: exact, whatever the amounts."""

from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.countries import COUNTRIES
from shop.domain.money import MAX_AMOUNT_MINOR
from shop.domain.pricing import (
    MIN_CHARGE_MINOR,
    AmountOutOfRange,
    ShippingRate,
    Tax,
    amounts,
    totals,
)

RATES = st.builds(
    ShippingRate,
    price_minor=st.integers(0, 100_000),
    free_from_minor=st.none() | st.integers(0, 1_000_000),
    delivery_days=st.integers(1, 60),
)
LINES = st.lists(
    st.tuples(st.integers(0, MAX_AMOUNT_MINOR), st.integers(1, 999)), min_size=1, max_size=50
)


TAXES = st.builds(
    Tax, rate_bps=st.integers(0, 10_000), on_shipping=st.booleans(), regional=st.just(False)
)


def _rounded(amount: Decimal, step: int) -> Decimal:
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step


@given(LINES, TAXES, RATES, st.booleans(), st.sampled_from([1, 10]))
def test_amounts_are_those_of_a_few_lines_of_decimal(
    lines: list[tuple[int, int]], tax: Tax, shipping: ShippingRate, included: bool, step: int
) -> None:
    """vendure #3047 #2662 #4474, woocommerce #23917 (anchor A22)."""
    rate = Decimal(tax.rate_bps) / 10_000
    grosses = [Decimal(price * quantity) for price, quantity in lines]
    delivery = _rounded(Decimal(shipping.price_of(int(sum(grosses)))), step)
    taxable = [*grosses, delivery if tax.on_shipping else Decimal(0)]
    if included:
        taxes = [_rounded(gross - gross / (1 + rate), 1) for gross in taxable]
        total = sum(grosses) + delivery
    else:
        taxes = [_rounded(net * rate, step) for net in taxable]
        total = sum(grosses) + delivery + sum(taxes)

    found = amounts(lines, tax=tax, shipping=shipping, tax_included=included, step=step)
    assert [*found.line_taxes_minor, found.shipping_tax_minor] == taxes
    assert found.subtotal_minor == sum(grosses)
    assert found.shipping_minor == delivery
    assert found.tax_minor == sum(taxes)
    assert found.total_minor == total


@given(LINES, TAXES, RATES)
def test_a_total_that_cannot_be_charged_is_refused(
    lines: list[tuple[int, int]], tax: Tax, shipping: ShippingRate
) -> None:
    total = amounts(lines, tax=tax, shipping=shipping).total_minor
    if MIN_CHARGE_MINOR <= total <= MAX_AMOUNT_MINOR:
        assert totals(lines, tax=tax, shipping=shipping).total_minor == total
        return
    with pytest.raises(AmountOutOfRange):
        totals(lines, tax=tax, shipping=shipping)


@given(LINES, TAXES, RATES, st.randoms())
def test_the_order_of_lines_does_not_matter(
    lines: list[tuple[int, int]], tax: Tax, shipping: ShippingRate, random: Random
) -> None:
    shuffled = random.sample(lines, len(lines))
    one, other = (amounts(some, tax=tax, shipping=shipping) for some in (lines, shuffled))
    assert (one.total_minor, one.tax_minor) == (other.total_minor, other.tax_minor)


@given(st.integers(0, 100_000), st.integers(1, 999), TAXES)
def test_prices_that_include_tax_are_charged_as_shown(price: int, quantity: int, tax: Tax) -> None:
    """vendure #3047: the total of inclusive prices was off by a cent (anchor A22)."""
    free = ShippingRate(0, None, 5)
    found = amounts([(price, quantity)], tax=tax, shipping=free, tax_included=True)
    assert found.total_minor == price * quantity
    assert 0 <= found.tax_minor <= found.total_minor


@pytest.mark.parametrize(
    ("subtotal", "free_from", "price"), [(4999, 5000, 599), (5000, 5000, 0), (9999, None, 599)]
)
def test_shipping_is_free_from_an_amount(subtotal: int, free_from: int | None, price: int) -> None:
    assert ShippingRate(599, free_from, 5).price_of(subtotal) == price


def test_tax_is_rounded_half_up_for_each_line() -> None:
    rate = ShippingRate(0, None, 5)
    # 7.25 % of 0.20 is 1.45 cents.
    assert totals([(20, 1)] * 3, tax=Tax(725), shipping=rate).line_taxes_minor == (1, 1, 1)
    assert totals([(100, 1)], tax=Tax(50), shipping=rate).tax_minor == 1


def test_shipping_is_taxed_where_the_destination_taxes_it() -> None:
    rate = ShippingRate(1499, None, 5)
    taxed = totals([(1000, 1)], tax=Tax(1900, on_shipping=True), shipping=rate)
    assert (taxed.shipping_tax_minor, taxed.tax_minor, taxed.total_minor) == (285, 475, 2974)
    assert totals([(1000, 1)], tax=Tax(1900), shipping=rate).tax_minor == 190


def test_what_cannot_be_charged_is_refused() -> None:
    free = ShippingRate(0, None, 5)
    assert totals([(MAX_AMOUNT_MINOR, 1)], tax=Tax(), shipping=free).total_minor
    with pytest.raises(AmountOutOfRange, match="more than"):
        totals([(MAX_AMOUNT_MINOR, 1)], tax=Tax(1), shipping=free)
    with pytest.raises(AmountOutOfRange, match="less than"):
        totals([(49, 1)], tax=Tax(), shipping=free)
    with pytest.raises(AmountOutOfRange, match="multiple"):
        totals([(1234, 1)], tax=Tax(), shipping=free, step=10)


def test_countries_are_those_of_iso_3166() -> None:
    assert len(COUNTRIES) == 249
    assert {"US", "DE", "GB", "BR", "AX", "ZW"} <= COUNTRIES
    assert not {"UK", "EU", "XX", "AN"} & COUNTRIES
