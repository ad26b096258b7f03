"""Export the single lines of the ledger, page by page.

Lambda limits an answer to 6 MB, in which JSON's quotation marks count twice as the answer is itself text in
JSON; API Gateway's 10 MB are not reached. A page ends by number or by size, whatever comes first.
"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from shop.domain.cursors import read_moment, write_moment
from shop.domain.errors import InvalidRequest
from shop.services.finance.amounts import text
from shop.services.finance.periods import Period
from shop.services.finance.ports import CostReader
from shop.services.finance.views import CostLine

#: Bytes of a page, escaped as they are in the answer; a line is far smaller than what is left to 6 MB.
LARGEST: Final = 5_000_000
#: What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = CostLine.__struct_fields__


class Page(NamedTuple):
    """Part of an export; `next_cursor` continues after it."""

    body: str
    next_cursor: str | None


def export_csv(reader: CostReader, period: Period, limit: int, cursor: str | None) -> Page:
    """Export lines as CSV (RFC 4180); only the first page begins with the names of the columns.

    Raises
    ------
    InvalidRequest
        If `cursor` is not a `next_cursor` of an earlier page.
    """
    header = _csv_row(COLUMNS) if cursor is None else ""
    lines = _lines(reader, period, cursor)
    return _page(lines, limit, header, lambda line: _csv_row(_cells(line)))


def export_jsonl(reader: CostReader, period: Period, limit: int, cursor: str | None) -> Page:
    """Export lines as JSON Lines, decimals as strings.

    Raises
    ------
    InvalidRequest
        If `cursor` is not a `next_cursor` of an earlier page.
    """
    return _page(_lines(reader, period, cursor), limit, "", _json_row)


def _page(
    lines: Iterator[CostLine], limit: int, header: str, write: Callable[[CostLine], str]
) -> Page:
    rows, size = [header], 0
    last: CostLine | None = None
    for number, line in enumerate(lines):
        row = write(line)
        size += len(row.encode()) + row.count('"') + row.count("\\") + row.count("\n")
        if last and (number == limit or size > LARGEST):
            return Page("".join(rows), write_moment(last.at, last.item_id.encode()))
        rows.append(row)
        last = line
    return Page("".join(rows), None)


def _lines(reader: CostReader, period: Period, cursor: str | None) -> Iterator[CostLine]:
    if cursor is None:
        yield from reader.lines(period.since, period.until)
        return
    after = read_moment(cursor, _item_id)
    since, _ = after
    if not period.since <= since < period.until:
        raise InvalidRequest.field("cursor", "is of another period")
    for line in reader.lines(since, period.until):
        if (line.at, line.item_id) > after:
            yield line


def _cells(line: CostLine) -> list[str]:
    return [_cell(getattr(line, name)) for name in COLUMNS]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    cell = str(value)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _csv_row(cells: "list[str] | tuple[str, ...]") -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _json_row(line: CostLine) -> str:
    values = {
        name: text(value) if isinstance(value, Decimal) else value
        for name, value in msgspec.structs.asdict(line).items()
    }
    return msgspec.json.encode(values).decode() + "\n"


def _item_id(raw: bytes) -> str:
    return raw.decode()
