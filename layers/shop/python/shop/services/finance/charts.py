"""Charts as inline SVG: pure functions from values to text.

Lengths along a chart are percentages of its width and the rest are pixels, so that a chart fits any width
while its text keeps its size. Colours are classes, as the page's style has them. Every chart has a title and
a description; the page has its values in a table as well.
"""

from collections.abc import Sequence
from decimal import Decimal
from html import escape
from typing import Final, NamedTuple

_ROW: Final = 40
_BAR: Final = 12
_COLUMNS_HEIGHT: Final = 132
#: Columns of a chart that are so few keep this width, in percent.
_WIDEST_SLOT: Final = Decimal("12.5")
#: So many columns have room for every date.
_FEW: Final = 4


class Bar(NamedTuple):
    """A row of a chart.

    Attributes
    ----------
    parts : sequence of Decimal
        Lengths of its segments, which are drawn one after the other.
    label, value : str
        Written above the bar, at its beginning and at the end of the row.
    """

    label: str
    value: str
    parts: Sequence[Decimal]


class Column(NamedTuple):
    """A column of a chart, its value written out for the reader."""

    label: str
    value: str
    amount: Decimal


def bars(identifier: str, title: str, description: str, rows: Sequence[Bar]) -> str:
    """Draw horizontal bars, the longest over the whole width.

    Parameters
    ----------
    identifier : str
        Unique in the page.
    """
    longest = max((sum(row.parts, Decimal(0)) for row in rows), default=Decimal(0))
    drawn = []
    for number, row in enumerate(rows):
        top = number * _ROW
        drawn.append(
            f'<text class="label" x="0" y="{top + 13}">{escape(row.label)}</text>'
            f'<text class="value" x="100%" y="{top + 13}" text-anchor="end">{escape(row.value)}</text>'
            f'<rect class="track" x="0" y="{top + 19}" width="100%" height="{_BAR}" rx="2"/>'
        )
        x = Decimal(0)
        for series, part in enumerate(row.parts):
            width = _percent(part, longest)
            drawn.append(
                f'<rect class="series-{series}" x="{x}%" y="{top + 19}" width="{width}%"'
                f' height="{_BAR}"/>'
            )
            x += width
    return _chart(identifier, title, description, _ROW * len(rows), "".join(drawn))


def columns(identifier: str, title: str, description: str, points: Sequence[Column]) -> str:
    """Draw columns side by side; the highest has its value written above."""
    highest = max((point.amount for point in points), default=Decimal(0))
    peak = next((n for n, point in enumerate(points) if point.amount == highest), 0)
    slot = min(Decimal(100) / max(len(points), 1), _WIDEST_SLOT)
    bottom = _COLUMNS_HEIGHT + 22
    drawn = [f'<line class="axis" x1="0" x2="100%" y1="{bottom}" y2="{bottom}"/>']
    for number, point in enumerate(points):
        height = (_percent(point.amount, highest) * _COLUMNS_HEIGHT / 100).quantize(Decimal("0.1"))
        left, middle = slot * number, slot * (number + Decimal("0.5"))
        drawn.append(
            f'<rect class="series-0" x="{_short(left + slot / 8)}%" y="{bottom - height}"'
            f' width="{_short(slot * 3 / 4)}%" height="{height}">'
            f"<title>{escape(point.label)}: {escape(point.value)}</title></rect>"
        )
        place, anchor = _anchor(left, middle, left + slot)
        if number == peak:
            drawn.append(
                f'<text class="value" x="{place}%" y="{bottom - height - 6}"'
                f' text-anchor="{anchor}">{escape(point.value)}</text>'
            )
        if len(points) <= _FEW or number in {0, len(points) - 1}:
            drawn.append(
                f'<text class="label" x="{place}%" y="{bottom + 16}" text-anchor="{anchor}">'
                f"{escape(point.label)}</text>"
            )
    return _chart(identifier, title, description, bottom + 24, "".join(drawn))


def _anchor(left: Decimal, middle: Decimal, right: Decimal) -> tuple[Decimal, str]:
    """Keep a label inside of the chart."""
    if left < 15:
        return _short(left), "start"
    if right > 85:
        return _short(right), "end"
    return _short(middle), "middle"


def _chart(identifier: str, title: str, description: str, height: int, drawn: str) -> str:
    name = escape(identifier)
    return (
        f'<svg class="chart" role="img" width="100%" height="{height}"'
        f' aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{drawn}</svg>'
    )


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return _short(part * 100 / whole) if whole > 0 and part > 0 else Decimal(0)


def _short(percentage: Decimal) -> Decimal:
    return percentage.quantize(Decimal("0.001"))
