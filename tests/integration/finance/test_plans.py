"""The ledger's statements use the indexes meant for them, at 100,000 requests."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from shop.adapters.postgres import costs_sql, records
from tests.support.stock import connected

_FILL = """
    INSERT INTO cost_requests (request_id, flow, order_ids, user_id, at)
    SELECT 'r' || n, 'browse', CASE WHEN n % 10 = 0 THEN ARRAY[gen_random_uuid()] ELSE '{}' END,
           gen_random_uuid(), now() - n * interval '1 minute'
    FROM generate_series(1, 100000) AS n;
    INSERT INTO cost_items (item_id, request_id, kind, name, at, quantity, unit, unit_price, amount,
                            currency, price_version)
    SELECT 'i' || n, 'r' || n, 'lambda_duration', 'f', now() - n * interval '1 minute', 1, 'u', 1, 1,
           'USD', 'v'
    FROM generate_series(1, 100000) AS n;
    INSERT INTO cost_log_events SELECT 'e' || n, now() - n * interval '1 minute'
    FROM generate_series(1, 100000) AS n;
    INSERT INTO cost_collections VALUES ('g', now() - interval '60 days');
    ANALYZE cost_requests, cost_items, cost_log_events;
"""
_NOBODY = UUID(int=0)


@pytest.mark.parametrize(
    ("statement", "parameters", "indexes"),
    [
        (
            costs_sql.ORDER_LINES,
            {"order_id": _NOBODY, "session_flows": ["browse"]},
            {
                "idx_cost_requests_orders", "idx_cost_requests_user", "idx_cost_requests_invocation",
                "idx_cost_items_request",
            },
        ),
        (costs_sql.UNSEEN, (["e1", "x"],), {"cost_log_events_pkey"}),
        (costs_sql.SPAN, None, {"idx_cost_items_at"}),
        (costs_sql.MARK_RETRIES, (["r1"],), {"idx_cost_items_request"}),
        (records._COST_LOG_EVENTS, (1000,), {"idx_cost_log_events_seen"}),
    ],
    ids=["an order", "unseen events", "span", "retries", "pruning"],
)  # fmt: skip
def test_plans(filled: str, statement: str, parameters: Any, indexes: set[str]) -> None:
    with connected(filled) as cursor:
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert [index for index in indexes if index not in plan] == [], plan
    assert "Seq Scan on cost_items" not in plan
    assert "Seq Scan on cost_requests" not in plan


@pytest.fixture
def filled(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_FILL.encode())
    return database
