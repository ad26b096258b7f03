"""What is recorded about an order: by the ledger, the database and the functions' logs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct

from shop.services.finance.allocation import OrderCost, order_cost
from shop.services.finance.ports import CostReader
from shop_local.reading import rows

_ORDER = """
    SELECT id, status, currency, total_minor, correlation_id, created_at FROM orders WHERE id = %s
"""
_REQUESTS = """
    SELECT request_id, invocation_id, function, flow, route, status, outcome, at, correlation_id
    FROM cost_requests WHERE request_id = ANY(%s) ORDER BY at
"""
_EVENTS = """
    SELECT event_id, event_type, occurred_at, published_at FROM outbox
    WHERE correlation_id = %s OR body ->> 'order_id' = %s ORDER BY sequence
"""
_TIMELINE = "SELECT occurred_at, status, reason FROM order_timeline WHERE order_id = %s ORDER BY id"


class OrderUnknown(Exception):
    """There is no such order."""


class Request(Struct, frozen=True):
    """An invocation, or a request to API Gateway and the invocation that answered it."""

    request_id: str
    invocation_id: str | None
    function: str | None
    flow: str | None
    route: str | None
    status: int | None
    outcome: str | None
    at: datetime
    correlation_id: UUID | None


class Recorded(Struct, frozen=True):
    """An event of the outbox."""

    event_id: UUID
    event_type: str
    occurred_at: datetime
    published_at: datetime | None


class Sources(Struct, frozen=True):
    """Everything that a story is told from.

    Attributes
    ----------
    lines : sequence of dict
        The functions' log lines with the order's correlation id or its own, in time order.
    """

    order: dict[str, Any]
    timeline: list[dict[str, Any]]
    requests: list[Request]
    events: list[Recorded]
    lines: list[dict[str, Any]]
    cost: OrderCost


def read(reader: CostReader, database_url: str, logs: Path, order_id: UUID) -> Sources:
    """Read what is recorded about an order.

    Raises
    ------
    OrderUnknown
    """
    found = rows(database_url, _ORDER, (order_id,))
    activity = reader.order(order_id)
    if not found or activity is None:
        raise OrderUnknown(f"There is no order {order_id}; `make cost` lists the last ones.")
    order = found[0]
    correlation_id = str(order["correlation_id"])
    cost = order_cost(activity, reader.order_lines(order_id), reader.span().collected_until)
    ids = sorted({item.line.request_id for item in cost.items})
    return Sources(
        order,
        rows(database_url, _TIMELINE, (order_id,)),
        [Request(**row) for row in rows(database_url, _REQUESTS, (ids,))],
        [Recorded(**row) for row in rows(database_url, _EVENTS, (correlation_id, str(order_id)))],
        sorted(_lines(logs, {str(order_id), correlation_id}), key=_timestamp),
        cost,
    )


def _lines(logs: Path, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    wanted = [name.encode() for name in names]
    for path in sorted(logs.glob("*.log")):
        with path.open("rb") as file:
            for line in file:
                if line.startswith(b"{") and any(name in line for name in wanted):
                    entry: dict[str, Any] = json.loads(line)
                    if "function_request_id" in entry:
                        yield entry


def _timestamp(line: Mapping[str, Any]) -> str:
    return str(line["timestamp"])
