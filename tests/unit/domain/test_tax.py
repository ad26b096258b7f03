"""The tax of sales with mixed classes: exact, whatever the amounts."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shop.domain.money import MAX_AMOUNT_MINOR
from shop.domain.tax import (
    STANDARD,
    DestinationRates,
    Sale,
    TaxedItem,
    TaxRule,
    Untaxable,
    assess_by_rates,
)

_CLASSES = (STANDARD, "reduced", "zero", "unheard_of")
RATES = st.builds(
    DestinationRates,
    version=st.just(7),
    rates=st.fixed_dictionaries(
        {STANDARD: st.integers(0, 1_000_000)},
        optional={"reduced": st.integers(0, 1_000_000), "zero": st.just(0)},
    ),
    taxes_shipping=st.booleans(),
)
ITEMS = st.lists(
    st.builds(TaxedItem, st.integers(0, MAX_AMOUNT_MINOR), st.sampled_from(_CLASSES)),
    min_size=1,
    max_size=50,
).map(tuple)
SALES = st.builds(
    Sale,
    destination=st.just({"country": "DE"}),
    region=st.none(),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    prices_include_tax=st.booleans(),
    items=ITEMS,
    shipping_minor=st.dictionaries(
        st.sampled_from(["standard", "express"]), st.integers(0, 99_990)
    ),
)


def _tax(sale: Sale, amount: int, rate_ppm: int) -> Decimal:
    """The tax of an amount, in a few lines of Decimal."""
    rate, step = Decimal(rate_ppm) / 1_000_000, 10 if sale.currency == "KWD" else 1
    if sale.prices_include_tax:
        return (amount - amount / (1 + rate)).quantize(Decimal(1), ROUND_HALF_UP)
    return (amount * rate / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def _rate(rates: Mapping[str, int], tax_class: str) -> int:
    return rates[tax_class] if tax_class in rates else rates["standard"]


@given(SALES, RATES)
def test_each_line_is_taxed_at_the_rate_of_its_class(sale: Sale, found: DestinationRates) -> None:
    """vendure #3047 #2662 #4474, woocommerce #23917 (anchor A22)."""
    rates = [_rate(found.rates, item.tax_class) for item in sale.items]
    assessed = assess_by_rates(sale, found)
    assert [line.rate_ppm for line in assessed.lines] == rates
    assert [line.tax_minor for line in assessed.lines] == [
        _tax(sale, item.amount_minor, rate) for item, rate in zip(sale.items, rates, strict=True)
    ]
    assert assessed.shipping_minor == {
        method: _tax(sale, price, found.rates["standard"]) if found.taxes_shipping else 0
        for method, price in sale.shipping_minor.items()
    }
    assert assessed.rule is TaxRule.LINE_HALF_UP
    assert (assessed.rates_version, assessed.standard_rate_ppm) == (7, found.rates["standard"])


@given(SALES, RATES)
def test_an_included_tax_is_a_part_of_the_price(sale: Sale, found: DestinationRates) -> None:
    """vendure #3047: the total of inclusive prices was off by a cent (anchor A22)."""
    assessed = assess_by_rates(replace(sale, prices_include_tax=True), found)
    for item, line in zip(sale.items, assessed.lines, strict=True):
        assert 0 <= line.tax_minor <= item.amount_minor


@given(SALES, RATES, st.randoms())
def test_the_order_of_lines_does_not_matter(
    sale: Sale, found: DestinationRates, random: Random
) -> None:
    shuffled = replace(sale, items=tuple(random.sample(sale.items, len(sale.items))))
    one, other = (
        sum(line.tax_minor for line in assess_by_rates(some, found).lines)
        for some in (sale, shuffled)
    )
    assert one == other


def _sale(*items: TaxedItem, region: str | None = None, shipping: int = 0) -> Sale:
    return Sale(
        destination={"country": "US"}, region=region, currency="USD", prices_include_tax=False,
        items=items, shipping_minor={"standard": shipping},
    )  # fmt: skip


def test_a_class_without_a_rate_is_taxed_at_the_standard_rate() -> None:
    """medusa #14571: tax was silently zero (anchor A21)."""
    rates = DestinationRates(version=1, rates={STANDARD: 190_000, "reduced": 70_000})
    sale = _sale(TaxedItem(1000), TaxedItem(1000, "reduced"), TaxedItem(1000, "reducde"))
    assert [line.tax_minor for line in assess_by_rates(sale, rates).lines] == [190, 70, 190]


def test_a_class_is_free_of_tax_only_by_a_rate_of_zero() -> None:
    rates = DestinationRates(version=1, rates={STANDARD: 190_000, "zero": 0})
    sale = _sale(TaxedItem(1000, "zero"), TaxedItem(1000, "exempt"))
    assert [line.tax_minor for line in assess_by_rates(sale, rates).lines] == [0, 190]


def test_tax_is_rounded_half_up_for_each_line() -> None:
    rates = DestinationRates(version=1, rates={STANDARD: 72_500})
    # 7.25 % of 0.20 is 1.45 cents.
    assessed = assess_by_rates(_sale(*[TaxedItem(20)] * 3), rates)
    assert [line.tax_minor for line in assessed.lines] == [1, 1, 1]
    half = replace(rates, rates={STANDARD: 5_000})
    assert assess_by_rates(_sale(TaxedItem(100)), half).lines[0].tax_minor == 1


@pytest.mark.parametrize(("taxes_shipping", "tax"), [(True, 285), (False, 0)])
def test_shipping_is_taxed_at_the_standard_rate_where_the_destination_taxes_it(
    taxes_shipping: bool, tax: int
) -> None:
    rates = DestinationRates(
        version=1, rates={STANDARD: 190_000, "zero": 0}, taxes_shipping=taxes_shipping
    )
    sale = _sale(TaxedItem(1000, "zero"), shipping=1499)
    assert assess_by_rates(sale, rates).shipping_minor == {"standard": tax}


def test_a_destination_that_does_not_determine_the_tax_is_refused() -> None:
    """medusa #14571, bagisto #1467 (anchor A21)."""
    with pytest.raises(Untaxable) as refused:
        assess_by_rates(_sale(TaxedItem(1000)), None)
    assert refused.value.field == "country"
    regional = DestinationRates(version=1, rates={STANDARD: 72_500}, is_regional=True)
    with pytest.raises(Untaxable) as refused:
        assess_by_rates(_sale(TaxedItem(1000)), regional)
    assert refused.value.field == "region"
    assert assess_by_rates(_sale(TaxedItem(1000), region="CA"), regional).lines[0].tax_minor == 73
