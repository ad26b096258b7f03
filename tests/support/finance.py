"""Logs as AWS and the shop write them, and what is collected from them."""

import itertools
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, override
from uuid import UUID

from shop.adapters.postgres.costs import PostgresLedger
from shop.adapters.postgres.database import Database
from shop.domain.costs import PriceList
from shop.domain.flows import logical_id
from shop.entrypoints.commands.load_prices import load_prices
from shop.services.finance.collect import Collector
from shop.services.finance.documents import Documents
from shop.services.finance.ports import LogEvent, LogPage, LogReader, TokenExpired
from shop.services.finance.price_files import parse
from shop_local.paths import INFRASTRUCTURE
from tests.support.stock import query

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
FUNCTIONS = "/shop/functions"
ACCESS = "/shop/access"
#: Any id of an execution environment.
_ENVIRONMENT = "0123456789abcdef0123456789abcdef"
_numbers = itertools.count(1)


def shipped_prices() -> PriceList:
    """Give the price list of us-east-1."""
    return parse((INFRASTRUCTURE / "pricing/us-east-1.json").read_bytes())


def documents() -> Documents:
    """Give what reads log events at these prices."""
    return Documents(shipped_prices(), "x86_64")


def load(database: str, infrastructure: Path = INFRASTRUCTURE) -> list[str]:
    """Load the price lists into a database."""
    return load_prices(database, infrastructure)


def physical(title: str) -> str:
    """Give a function the name that CloudFormation would."""
    return f"shop-{logical_id(title)[:24]}-1A2B3C4D5E6F"


def stream(title: str, at: datetime = NOW) -> str:
    """Name the log stream of a function in a shared group."""
    return f"{at:%Y/%m/%d}/{physical(title)}[$LATEST]{_ENVIRONMENT}"


def event(title: str, at: datetime, document: dict[str, Any] | str) -> LogEvent:
    """Make a log event, of a document or of text."""
    message = document if isinstance(document, str) else json.dumps(document)
    return LogEvent(f"event-{next(_numbers):08}", stream(title, at), at, message)


def stamp(at: datetime) -> str:
    """Write a time as Lambda does."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def report(
    title: str,
    request_id: str,
    at: datetime = NOW,
    *,
    billed: int = 100,
    memory: int = 1024,
    init: float | None = None,
    status: str = "success",
    trace: str | None = None,
) -> LogEvent:
    """Make Lambda's report of an invocation."""
    metrics: dict[str, Any] = {
        "durationMs": billed - 0.61,
        "billedDurationMs": billed,
        "memorySizeMB": memory,
        "maxMemoryUsedMB": 97,
    }
    if init is not None:
        metrics["initDurationMs"] = init
    record = {"requestId": request_id, "metrics": metrics, "status": status}
    if trace is not None:
        record["tracing"] = {
            "type": "X-Amzn-Trace-Id",
            "value": trace,
            "spanId": "1a2b3c4d5e6f7a8b",
        }
    return event(title, at, {"time": stamp(at), "type": "platform.report", "record": record})


def line(
    title: str,
    invocation_id: str,
    at: datetime = NOW,
    /,
    *,
    message: str = "invocation",
    **fields: Any,
) -> LogEvent:
    """Make a line of the shop's own."""
    about = {name: _plain(value) for name, value in fields.items()}
    return event(
        title,
        at,
        {
            "level": "INFO",
            "message": message,
            "timestamp": stamp(at),
            "function_name": physical(title),
            "function_request_id": invocation_id,
            **about,
        },
    )


def access(
    request_id: str,
    at: datetime = NOW,
    *,
    method: str = "GET",
    path: str = "/api/cart",
    status: int = 200,
    invocation: str = "-",
) -> LogEvent:
    """Make a line of API Gateway's access log."""
    document = {
        "type": "api.access",
        "requestId": request_id,
        "integrationRequestId": invocation,
        "time": str(round(at.timestamp() * 1000)),
        "method": method,
        "path": f"/prod{path}",
        "resourcePath": path,
        "status": str(status),
        "latencyMs": "12",
        "bytes": "345",
    }
    return LogEvent(f"event-{next(_numbers):08}", "access", at, json.dumps(document))


def invocation(
    title: str, invocation_id: str, at: datetime = NOW, /, *, billed: int = 100, **fields: Any
) -> list[LogEvent]:
    """Make what an invocation logs: our line, then Lambda's report."""
    return [
        line(title, invocation_id, at, **fields),
        report(title, invocation_id, at + timedelta(milliseconds=1), billed=billed),
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value) if isinstance(value, UUID) else value


class FakeLogs(LogReader):
    """Log groups in memory, read in pages that are cut anywhere and mixed.

    Parameters
    ----------
    page : int
        Events of a page.
    seed : int, optional
        Of the order of the events; None: as they were put.
    """

    def __init__(self, *, page: int = 3, seed: int | None = None) -> None:
        self._groups: dict[str, list[LogEvent]] = {FUNCTIONS: [], ACCESS: []}
        self._page = page
        self._seed = seed
        self.reads = 0
        #: Tokens that are not known any more.
        self.expired = False

    def put(self, *events: LogEvent | Iterable[LogEvent], group: str = FUNCTIONS) -> None:
        """Make events readable."""
        for one in events:
            self._groups[group] += [one] if isinstance(one, LogEvent) else list(one)

    @override
    def read(
        self, log_group: str, since: datetime, until: datetime, token: str | None = None
    ) -> LogPage:
        if token and self.expired:
            self.expired = False
            raise TokenExpired
        self.reads += 1
        found = [each for each in self._groups[log_group] if since <= each.timestamp < until]
        if self._seed is not None:
            random.Random(self._seed).shuffle(found)
        begin = int(token or 0)
        end = begin + self._page
        return LogPage(found[begin:end], str(end) if end < len(found) else None)


def collect(
    database: str, logs: LogReader, now: datetime = NOW, *, seconds: float = 60, ledger: Any = None
) -> dict[str, int]:
    """Run a collector once."""
    with open_ledger(database) as own:
        collector = Collector(logs, ledger or own, documents())
        return collector.run([FUNCTIONS, ACCESS], now, seconds=seconds)


@contextmanager
def open_ledger(database: str) -> Iterator[PostgresLedger]:
    """Open the ledger of a database."""
    connection = Database(database)
    try:
        yield PostgresLedger(connection)
    finally:
        connection.close()


def empty_ledger(database: str) -> None:
    """Empty the ledger; its prices stay."""
    query(
        database,
        "WITH i AS (DELETE FROM cost_items), r AS (DELETE FROM cost_requests),"
        " e AS (DELETE FROM cost_log_events) DELETE FROM cost_collections",
    )


def collected_until(database: str, at: datetime) -> None:
    """Have the collector begin at a time, less its overlap."""
    query(
        database,
        "INSERT INTO cost_collections (log_group, collected_until) SELECT unnest(%s::text[]), %s",
        ([FUNCTIONS, ACCESS], at),
    )


def recorded(database: str) -> dict[str, Sequence[Any]]:
    """Give everything that the ledger has of costs, in a fixed order."""
    return {
        "items": query(database, "SELECT * FROM cost_items ORDER BY item_id"),
        "requests": query(database, "SELECT * FROM cost_requests ORDER BY request_id"),
        "lines": query(database, "SELECT * FROM cost_lines ORDER BY item_id"),
    }


def total(database: str) -> Decimal:
    """Add up the ledger."""
    ((amount,),) = query(database, "SELECT coalesce(sum(amount), 0) FROM cost_items")
    return Decimal(amount)
