"""The statements that run all day use the indexes meant for them, with 100,000 rows in each table."""

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import BaseRowFactory, tuple_row

from shop.adapters.postgres import database as database_module
from shop.adapters.postgres import inventory_sql
from shop.adapters.postgres.database import Database, Parameters, Transaction
from shop.adapters.postgres.event_log import EventLog, new_event
from shop.adapters.postgres.event_log import parameters as outbox_parameters
from shop.adapters.postgres.outbox import PostgresOutbox
from shop.adapters.postgres.records import PostgresRecords
from shop.contracts.events import ProductUpdated
from tests.support.builders import add_products
from tests.support.stock import connected, query

ROWS = 100_000


@pytest.fixture(scope="module")
def full(database_server: str, database_template: str) -> Iterator[str]:
    """A database with many holds and events, most of them done with."""
    from tests.support.databases import copy_of

    with copy_of(database_server, database_template) as url:
        products = add_products(url, *[1000] * 200)
        with connected(url) as cursor:
            cursor.execute(
                "INSERT INTO reservations (id, order_id, product_id, quantity, status, expires_at)"
                " SELECT gen_random_uuid(), gen_random_uuid(), (%s)[1 + n %% 200], 1,"
                " CASE WHEN n %% 9 = 0 THEN 'pending' ELSE 'confirmed' END,"
                " now() + (n - 9000) * interval '1 second' FROM generate_series(1, %s) AS n",
                (products, ROWS),
            )
            cursor.execute(
                "INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body,"
                " occurred_at, published_at) SELECT gen_random_uuid(), gen_random_uuid()::text, 't',"
                " 'c', '{}', now(), CASE WHEN n %% 1000 = 0 THEN NULL ELSE now() END"
                " FROM generate_series(1, %s) AS n",
                (ROWS,),
            )
            cursor.execute(
                "INSERT INTO inbox SELECT 'c', gen_random_uuid(), now() FROM generate_series(1, %s)",
                (ROWS,),
            )
            cursor.execute(
                "INSERT INTO webhook_events SELECT n::text, 't', 'o', now()"
                " FROM generate_series(1, %s) AS n",
                (ROWS,),
            )
            cursor.execute(
                "INSERT INTO customers (id, email, name, password_hash)"
                " VALUES ('0199e8a0-2222-7a2b-8c3d-4e5f60718293', 'a@shop.example', 'Ada', '')"
            )
            cursor.execute(
                "INSERT INTO cart_owners (cart_id, guest_id, customer_id, moved_at)"
                " SELECT gen_random_uuid(), gen_random_uuid(), id, now()"
                " FROM customers, generate_series(1, %s)",
                (ROWS,),
            )
            cursor.execute(
                "INSERT INTO links (id, kind, email, expires_at)"
                " SELECT gen_random_uuid(), 'password_reset', 'a@shop.example', now()"
                " FROM generate_series(1, %s)",
                (ROWS,),
            )
            cursor.execute("ANALYZE")
        yield url


def explain(url: str, sql: str, parameters: Any = ()) -> str:
    """Return the plan of a statement."""
    return "\n".join(row[0] for row in query(url, f"EXPLAIN {sql}", parameters))


class Explaining(Transaction):
    """Notes the plan of each statement before it runs."""

    plans: ClassVar[list[str]] = []

    def _execute[T](
        self, sql: str, parameters: Parameters, factory: BaseRowFactory[T]
    ) -> psycopg.Cursor[T]:
        plan = super()._execute(f"EXPLAIN {sql}", parameters, tuple_row).fetchall()
        self.plans.append("\n".join(line for (line,) in plan))
        return super()._execute(sql, parameters, factory)


@pytest.fixture
def plans(full: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Database, list[str]]]:
    """A database whose statements are explained."""
    monkeypatch.setattr(database_module, "Transaction", Explaining)
    Explaining.plans.clear()
    database = Database(full)
    yield database, Explaining.plans
    database.close()


PRODUCTS: dict[str, Any] = {"products": [UUID(int=0)]}
ORDER = {"order": UUID(int=0), "expired": False}


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        ("STOCK", PRODUCTS, "idx_reservations_pending_product"),
        ("LOCK_STOCK_OF_ORDER", ORDER, "reservations_pkey"),
        ("RELEASE", ORDER, "reservations_pkey"),
        ("CONFIRM", ORDER, "reservations_pkey"),
        ("LAPSED_ORDERS", {"limit": 200}, "idx_reservations_pending_expiry"),
    ],
)
def test_inventory(full: str, statement: str, parameters: dict[str, Any], index: str) -> None:
    plan = explain(full, getattr(inventory_sql, statement), parameters)
    assert index in plan
    assert "Seq Scan on reservations" not in plan


def test_holding(full: str) -> None:
    event = ProductUpdated(product_id=UUID(int=1), product_version=1)
    parameters = {
        **outbox_parameters([new_event(event, "c")]),
        **PRODUCTS,
        "quantities": [1],
        "order": ORDER["order"],
        "reservation": ORDER["order"],
        "expires_at": "2099-01-01",
    }
    plan = explain(full, inventory_sql.HOLD, parameters)
    assert "idx_reservations_pending_product" in plan
    assert "Seq Scan on reservations" not in plan


def test_the_outbox(plans: tuple[Database, list[str]]) -> None:
    database, seen = plans
    outbox = PostgresOutbox(database)
    with outbox.pending(limit=20):
        pass
    assert "idx_outbox_waiting" in seen.pop()
    assert outbox.oldest_age_seconds() > 0
    assert "idx_outbox_waiting" in seen.pop()


def test_closing_a_transaction(plans: tuple[Database, list[str]]) -> None:
    database, seen = plans
    event = ProductUpdated(product_id=UUID(int=1), product_version=1)
    with database.transaction() as transaction:
        events = EventLog()
        events.record(new_event(event, "c"))
        events.close(transaction, ("c", UUID(int=3)))
    assert "idx_outbox_unpublished" in seen.pop()


def test_pruning(plans: tuple[Database, list[str]]) -> None:
    database, seen = plans
    records = PostgresRecords(database)
    for prune, index in (
        (records.prune_inbox, "idx_inbox_processed"),
        (records.prune_outbox, "idx_outbox_occurred"),
        (records.prune_webhook_events, "idx_webhook_events_received"),
        (records.prune_links, "idx_links_expires"),
        (records.prune_cart_owners, "idx_cart_owners_moved"),
    ):
        assert prune(1000) == 0
        assert index in seen.pop()
