"""Totals: exact, whatever the amounts."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.countries import COUNTRIES
from shop.domain.money import MAX_AMOUNT_MINOR, step_of
from shop.domain.pricing import (
    MIN_CHARGE_MINOR,
    AmountOutOfRange,
    ShippingRate,
    Totals,
    check_chargeable,
    totals_of,
)
from shop.domain.tax import DestinationRates, LineTax, Sale, assess_by_rates
from tests.unit.domain.test_tax import RATES, SALES

_SHIPPING = st.builds(
    ShippingRate,
    price_minor=st.integers(0, 100_000),
    free_from_minor=st.none() | st.integers(0, 1_000_000),
    delivery_days=st.integers(1, 60),
)


@given(SALES.filter(lambda sale: sale.shipping_minor), RATES)
def test_amounts_are_those_of_a_few_lines_of_decimal(sale: Sale, found: DestinationRates) -> None:
    """vendure #3047 #2662 #4474, woocommerce #23917 (anchor A22)."""
    step = step_of(sale.currency)
    grosses = [Decimal(item.amount_minor) for item in sale.items]
    percents = [found.rates.get(item.tax_class, found.rates["standard"]) for item in sale.items]
    for method, delivery in sale.shipping_minor.items():
        taxable = [*zip(grosses, percents, strict=True)]
        if found.taxes_shipping:
            taxable.append((Decimal(delivery), found.rates["standard"]))
        if sale.prices_include_tax:
            taxes = [
                (gross * rate / (1_000_000 + rate)).quantize(Decimal(1), ROUND_HALF_UP)
                for gross, rate in taxable
            ]
            total = sum(grosses) + delivery
        else:
            taxes = [
                (gross * rate / 1_000_000 / step).quantize(Decimal(1), ROUND_HALF_UP) * step
                for gross, rate in taxable
            ]
            total = sum(grosses) + delivery + sum(taxes)
        totals = totals_of(sale, assess_by_rates(sale, found), method)
        assert totals.subtotal_minor == sum(grosses)
        assert totals.shipping_minor == delivery
        assert totals.tax_minor == sum(taxes)
        assert totals.total_minor == total


def _total(total_minor: int) -> Totals:
    return Totals(
        subtotal_minor=total_minor, lines=(LineTax(0, 0),), shipping_minor=0, shipping_tax_minor=0,
        tax_included=False,
    )  # fmt: skip


@given(st.integers(0, 2 * MAX_AMOUNT_MINOR), st.sampled_from([1, 10]))
def test_a_total_that_cannot_be_charged_is_refused(total_minor: int, step: int) -> None:
    if MIN_CHARGE_MINOR <= total_minor <= MAX_AMOUNT_MINOR and total_minor % step == 0:
        check_chargeable(_total(total_minor), step)
        return
    with pytest.raises(AmountOutOfRange):
        check_chargeable(_total(total_minor), step)


@pytest.mark.parametrize(
    ("total_minor", "step", "message"),
    [(MAX_AMOUNT_MINOR + 1, 1, "more than"), (49, 1, "less than"), (1234, 10, "multiple")],
)
def test_a_refusal_says_why(total_minor: int, step: int, message: str) -> None:
    with pytest.raises(AmountOutOfRange, match=message):
        check_chargeable(_total(total_minor), step)


@given(_SHIPPING, st.integers(0, 2_000_000), st.sampled_from([1, 10]))
def test_the_price_of_shipping_can_be_charged(rate: ShippingRate, subtotal: int, step: int) -> None:
    price = rate.price_of(subtotal, step)
    if rate.free_from_minor is not None and subtotal >= rate.free_from_minor:
        assert price == 0
    else:
        rounded = (Decimal(rate.price_minor) / step).quantize(Decimal(1), ROUND_HALF_UP) * step
        assert price == rounded


@pytest.mark.parametrize(
    ("subtotal", "free_from", "price"), [(4999, 5000, 599), (5000, 5000, 0), (9999, None, 599)]
)
def test_shipping_is_free_from_an_amount(subtotal: int, free_from: int | None, price: int) -> None:
    assert ShippingRate(599, free_from, 5).price_of(subtotal) == price


def test_countries_are_those_of_iso_3166() -> None:
    assert len(COUNTRIES) == 249
    assert {"US", "DE", "GB", "BR", "AX", "ZW"} <= COUNTRIES
    assert not {"UK", "EU", "XX", "AN"} & COUNTRIES
