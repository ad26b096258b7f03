"""The ledger in PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, override
from uuid import UUID

import msgspec

from shop.adapters.postgres import costs_sql as sql
from shop.adapters.postgres.database import Database
from shop.adapters.postgres.price_lists import read_floor, read_price_list
from shop.domain.costs import CostItem, FloorItem, Kind, PriceList
from shop.domain.flows import SESSION_FLOWS
from shop.services.finance.ports import CostReader, Ledger, Page, Progress
from shop.services.finance.views import CostLine, CostSum, Grouping, LedgerSpan, OrderActivity

#: Lines of an export that are read at once.
_CHUNK: Final = 5_000
_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
_REPORTED: Final = frozenset({Kind.LAMBDA_DURATION, Kind.LAMBDA_REQUEST})


class PostgresLedger(Ledger):
    """Where the collector records costs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def price_list(self, region: str) -> PriceList:
        with self._database.autocommit() as transaction:
            return read_price_list(transaction, region)

    @override
    def progress(self, log_group: str) -> Progress | None:
        with self._database.autocommit() as transaction:
            row = transaction.row(sql.PROGRESS, (log_group,))
        return row and Progress(row.collected_until, row.window_until, row.next_token)

    @override
    def unseen(self, event_ids: Sequence[str]) -> set[str]:
        with self._database.autocommit() as transaction:
            return {row.event_id for row in transaction.rows(sql.UNSEEN, (list(event_ids),))}

    @override
    def record(self, page: Page) -> None:
        reported = sorted({item.request_id for item in page.items if item.kind in _REPORTED})
        with self._database.transaction() as transaction:
            transaction.send("SELECT pg_advisory_xact_lock(%s)", (sql.RECORDING_LOCK,))
            for request in page.requests:
                values = request._asdict() | {"order_ids": list(request.order_ids)}
                transaction.send(sql.RECORD_REQUEST, values)
            transaction.send(sql.RECORD_ITEMS, (_records((item, {}) for item in page.items),))
            logged = ((one.item, {"event_id": one.event_id}) for one in page.logged)
            transaction.send(sql.RECORD_BYTES, (_records(logged),))
            if reported:
                transaction.send(sql.MARK_RETRIES, (reported,))

    @override
    def pause(self, log_group: str, before: Progress | None, paused: Progress) -> None:
        values = paused._asdict() | {
            "log_group": log_group,
            "before": before.collected_until if before else paused.collected_until,
        }
        with self._database.autocommit() as transaction:
            transaction.execute(sql.PAUSE, values)

    @override
    def complete(self, log_group: str, until: datetime) -> None:
        with self._database.autocommit() as transaction:
            transaction.execute(sql.COMPLETE, {"log_group": log_group, "until": until})


class PostgresCosts(CostReader):
    """Reads the ledger, each answer with one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def span(self) -> LedgerSpan:
        with self._database.autocommit() as transaction:
            (span,) = transaction.all(LedgerSpan, sql.SPAN)
        return span

    @override
    def sums(self, since: datetime, until: datetime, group_by: Grouping) -> list[CostSum]:
        with self._database.autocommit() as transaction:
            return transaction.all(CostSum, sql.sums(group_by), {"since": since, "until": until})

    @override
    def totals(self, since: datetime, until: datetime) -> list[CostSum]:
        with self._database.autocommit() as transaction:
            return transaction.all(CostSum, sql.TOTALS, {"since": since, "until": until})

    @override
    def order(self, order_id: UUID) -> OrderActivity | None:
        with self._database.autocommit() as transaction:
            return transaction.one(OrderActivity, sql.ORDER, (order_id,))

    @override
    def order_lines(self, order_id: UUID) -> list[CostLine]:
        values = {"order_id": order_id, "session_flows": [str(flow) for flow in SESSION_FLOWS]}
        with self._database.autocommit() as transaction:
            return transaction.all(CostLine, sql.ORDER_LINES, values)

    @override
    def lines(self, since: datetime, until: datetime) -> Iterator[CostLine]:
        after: Mapping[str, Any] = {"after_at": _BEGINNING, "after_id": ""}
        while True:
            values = {"since": since, "until": until, "limit": _CHUNK, **after}
            with self._database.autocommit() as transaction:
                found = transaction.all(CostLine, sql.LINES, values)
            yield from found
            if len(found) < _CHUNK:
                return
            after = {"after_at": found[-1].at, "after_id": found[-1].item_id}

    @override
    def price_list(self, region: str) -> PriceList:
        with self._database.autocommit() as transaction:
            return read_price_list(transaction, region)

    @override
    def floor(self, region: str) -> list[FloorItem]:
        with self._database.autocommit() as transaction:
            return read_floor(transaction, region)


def _records(items: Iterable[tuple[CostItem, dict[str, str]]]) -> str:
    """Write items as JSON, decimals as text, so that one statement takes any number of them."""
    return msgspec.json.encode([item._asdict() | more for item, more in items]).decode()
