"""Charts: lengths in proportion, labels inside, texts escaped."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.services.finance.charts import Bar, Column, bars, columns
from shop.services.finance.wording import change, column, money, share

_amounts = st.decimals(0, 10**9, allow_nan=False, places=9)


def _numbers(chart: str, attribute: str, element: str = 'rect class="series') -> list[float]:
    return [float(n) for n in re.findall(rf'<{element}[^>]* {attribute}="([\d.]+)%?"', chart)]


@given(st.lists(_amounts, max_size=40))
def test_bars_are_as_long_as_their_amounts(amounts: list[Decimal]) -> None:
    chart = bars("c", "t", "d", [Bar("l", "v", [amount]) for amount in amounts])

    longest = max(amounts, default=Decimal(0))
    widths = _numbers(chart, "width")
    assert len(widths) == len(amounts)
    for width, amount in zip(widths, amounts, strict=True):
        assert width == pytest.approx(float(amount / longest * 100) if longest else 0, abs=0.001)


@given(st.lists(_amounts, min_size=1, max_size=366))
def test_columns_stand_on_one_line_inside_of_the_chart(amounts: list[Decimal]) -> None:
    chart = columns("c", "t", "d", [Column(f"{n}", "v", a) for n, a in enumerate(amounts)])

    heights, tops = _numbers(chart, "height"), _numbers(chart, "y")
    assert {round(top + height, 1) for top, height in zip(tops, heights, strict=True)} == {154.0}
    for x, width in zip(_numbers(chart, "x"), _numbers(chart, "width"), strict=True):
        assert 0 <= x < x + width <= 100
    assert chart.count('class="value"') == 1


def test_segments_follow_each_other() -> None:
    chart = bars("c", "t", "d", [Bar("l", "v", [Decimal(1), Decimal(3)])])

    assert _numbers(chart, "x") == [0, 25]
    assert _numbers(chart, "width") == [25, 75]


def test_texts_are_escaped() -> None:
    chart = bars("a&b", "<t>", '"d"', [Bar("<l>", "&", [Decimal(1)])])

    assert not re.search(r"<[tl]>", chart)
    assert "&lt;l&gt;" in chart
    assert 'id="a&amp;b-title"' in chart


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "$0"),
        ("1234567.891", "$1,234,567.89"),
        ("9.999", "$10.00"),
        ("0.5", "$0.500"),
        ("0.000123456", "$0.000123"),
        ("0.0000000123456", "$0.0000000123"),
        ("1E-15", "$0.00000000000000100"),
        ("-2", "\N{MINUS SIGN}$2.00"),
    ],
)
def test_small_amounts_have_three_digits(amount: str, written: str) -> None:
    assert money(Decimal(amount), "USD") == written


def test_other_currencies_and_the_unknown() -> None:
    assert money(Decimal(1), "CHF") == "CHF\xa01.00"
    assert money(None, "USD") == "not known"
    assert share(Decimal(1), Decimal(0)) == "not known"
    assert change(None, Decimal(1)) == "not known"


@given(st.lists(_amounts, min_size=1))
def test_a_column_has_one_precision_and_nothing_is_rounded_to_zero(amounts: list[Decimal]) -> None:
    written = column(amounts, "USD")

    for amount, text in zip(amounts, written, strict=True):
        shown = Decimal(text.lstrip("<$").replace(",", ""))
        assert bool(shown) == bool(amount)
    if any(amounts):
        assert (
            len({text.partition(".")[2] and len(text.partition(".")[2]) for text in written}) == 1
        )
