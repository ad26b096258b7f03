"""Every hot statement over 100,000 orders uses the index that is meant for it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shop.adapters.postgres import orders as statements
from shop.adapters.postgres.database import Database, Parameters, Transaction
from shop.adapters.postgres.price_book import _QUOTE
from shop.domain.ids import new_id
from tests.support.builders import add_products
from tests.support.stock import connected

COUNT = 100_000


@pytest.fixture(scope="module")
def full(database_server: str, database_template: str) -> Iterator[Transaction]:
    from tests.support import databases

    with databases.copy_of(database_server, database_template) as url:
        (product,) = add_products(url, 10)
        with connected(url) as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(
                "INSERT INTO orders (id, user_id, currency, subtotal_minor, tax_minor,"
                " shipping_minor, total_minor, shipping_address, shipping_method, correlation_id,"
                " created_at)"
                " SELECT gen_random_uuid(), md5((n %% 5000)::text)::uuid, 'USD', 0, 0, 0, 0, '{}',"
                " 'standard', gen_random_uuid(), now() - n * interval '1 second'"
                " FROM generate_series(1, %s) AS n",
                (COUNT,),
            )
            cursor.execute(
                "INSERT INTO order_items SELECT id, %s, 'Thing', 0, 1, 0 FROM orders", (product,)
            )
            cursor.execute(
                "INSERT INTO order_timeline (order_id, status) SELECT id, 'PENDING' FROM orders"
            )
            cursor.execute(
                "INSERT INTO reservations (id, order_id, product_id, quantity, expires_at)"
                " SELECT gen_random_uuid(), id, %s, 1, now() FROM orders",
                (product,),
            )
            cursor.execute(
                "INSERT INTO payments"
                " (id, order_id, status, amount_minor, currency, payment_method_id, payment_intent_id)"
                " SELECT gen_random_uuid(), id, 'succeeded', 1, 'USD', 'pm', id::text FROM orders"
            )
            cursor.execute(
                "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason)"
                " SELECT id::text, id, 1, 'test' FROM orders LIMIT 20000"
            )
            cursor.execute(
                "INSERT INTO returns (id, order_id, reason)"
                " SELECT gen_random_uuid(), id, 'test' FROM orders LIMIT 20000"
            )
            cursor.execute(
                "INSERT INTO return_lines (return_id, order_id, product_id, quantity)"
                " SELECT id, order_id, %s, 1 FROM returns",
                (product,),
            )
            cursor.execute(
                "INSERT INTO disputes"
                " (id, payment_intent_id, order_id, amount_minor, currency, reason, status)"
                " SELECT 'dp_' || id, id::text, id, 1, 'USD', 'general', 'lost' FROM orders LIMIT 20000"
            )
            cursor.execute("ANALYZE")
        database = Database(url)
        with database.transaction() as transaction:
            yield transaction
        database.close()


def plan(transaction: Transaction, sql: str, parameters: Parameters) -> set[str]:
    ((found,),) = transaction.rows(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    nodes, waiting = [], [found[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting += node.get("Plans", ())
    assert not [n for n in nodes if n["Node Type"] == "Seq Scan"], json.dumps(found, indent=1)
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def an_order(transaction: Transaction) -> Any:
    found = transaction.row("SELECT id, user_id FROM orders LIMIT 1")
    assert found is not None
    return found


@pytest.mark.parametrize("lock", ["", " FOR UPDATE"])
def test_an_order(full: Transaction, lock: str) -> None:
    order_id, _ = an_order(full)
    indexes = plan(full, statements._GET + lock, (order_id,))
    assert indexes == {
        "orders_pkey", "order_items_pkey", "idx_order_timeline_order",
        "payments_order_id_attempt_key", "idx_refunds_intent", "idx_refunds_order", "idx_disputes_intent",
        "idx_returns_order", "return_lines_pkey", "refunds_return_once",
    }  # fmt: skip


@pytest.mark.parametrize("status", [None, "PENDING", "DELIVERED"])
@pytest.mark.parametrize("first", [True, False])
def test_a_user_s_orders(full: Transaction, status: str | None, first: bool) -> None:
    _, user_id = an_order(full)
    parameters = {
        "user_id": user_id,
        "status": status,
        "before": None if first else datetime.now(UTC),
        "before_id": None if first else new_id(),
        "limit": 21,
    }
    indexes = plan(full, statements._PAGE, parameters)
    assert "idx_orders_user_created" in indexes
    assert indexes <= {"idx_orders_user_created", "order_items_pkey"}


def test_a_move(full: Transaction) -> None:
    order_id, _ = an_order(full)
    parameters = dict.fromkeys(("reason", "carrier", "tracking_number", "estimated_delivery"))
    parameters |= {"order_id": order_id, "target": "CANCELLED", "sources": ["PENDING"]}
    parameters |= {"unless_refunded": True}
    assert plan(full, statements._MOVE, parameters) == {
        "orders_pkey", "order_items_pkey", "payments_order_id_attempt_key",
    }  # fmt: skip


@pytest.mark.parametrize("status", ["PAID", "CONFIRMED"])
@pytest.mark.parametrize("first", [True, False])
def test_orders_whose_event_did_not_come(full: Transaction, status: str, first: bool) -> None:
    parameters = {
        "status": status,
        "idle": timedelta(minutes=5),
        "after": None if first else datetime.now(UTC),
        "after_id": None if first else new_id(),
    }
    indexes = plan(full, statements._LOCK_STALE, parameters)
    assert "idx_orders_status" in indexes
    assert indexes <= {"idx_orders_status", "payments_order_id_attempt_key"}


def test_a_quote_is_one_statement_of_index_lookups(full: Transaction) -> None:
    full.execute("SET LOCAL enable_seqscan = off")  # products and rates are a handful of rows here
    parameters = {
        "order_id": new_id(),
        "products": [new_id()],
        "country": "US",
        "region": "CA",
    }
    indexes = plan(full, _QUOTE, parameters)
    assert "orders_pkey" in indexes
