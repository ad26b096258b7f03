"""HTML of the report's parts; every text is escaped here."""

from collections.abc import Iterable, Sequence
from html import escape

type Row = Sequence[str]


def section(identifier: str, heading: str, explanation: str, *parts: str) -> str:
    """Make a section with a heading and a sentence about what it shows."""
    name = escape(identifier)
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(heading)}</h2>'
        f"<p>{escape(explanation)}</p>{''.join(parts)}</section>"
    )


def figure(chart: str, *, legend: Sequence[str] = ()) -> str:
    """Frame a chart, with the names of its series if there are several."""
    keys = "".join(
        f'<li><span class="key-{number}"></span>{escape(name)}</li>'
        for number, name in enumerate(legend)
    )
    listed = f'<ul class="legend">{keys}</ul>' if keys else ""
    return f"<figure>{listed}{chart}</figure>"


def table(caption: str, head: Row, rows: Iterable[Row], foot: Row = ()) -> str:
    """Make a table whose first column names the rows."""
    heads = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(_row(row) for row in rows)
    last = f"<tfoot>{_row(foot)}</tfoot>" if foot else ""
    name = escape(caption)
    return (
        f'<p class="caption" aria-hidden="true">{name}</p>'
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">'
        f'<table aria-label="{name}"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody>{last}'
        "</table></div>"
    )


def folded(summary: str, content: str, *, unfolded: bool) -> str:
    """Fold what is long; it is printed unfolded."""
    state = " open" if unfolded else ""
    return f"<details{state}><summary>{escape(summary)}</summary>{content}</details>"


def figures(cards: Iterable[tuple[str, str, str]]) -> str:
    """Show key figures: what each is, its value, and a remark."""
    shown = "".join(
        f'<div><dt>{escape(name)}</dt><dd class="figure">{escape(value)}</dd>'
        f'<dd class="quiet">{escape(remark)}</dd></div>'
        for name, value, remark in cards
    )
    return f'<dl class="figures">{shown}</dl>'


def notice(text: str) -> str:
    """Show what the reader must know before any figure."""
    return f'<p class="notice">{escape(text)}</p>'


def remarks(items: Iterable[str]) -> str:
    """List remarks."""
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _row(row: Row) -> str:
    first, *others = row
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
    # Names of functions may be broken after their parts.
    name = escape(first).replace("/", "/<wbr>").replace("_", "_<wbr>")
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'
