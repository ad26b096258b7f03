"""Holds, and what the database says about stock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from shop.adapters.postgres.database import Transaction
from shop.adapters.postgres.event_log import EventLog
from shop.adapters.postgres.inventory import PostgresInventory
from shop.adapters.postgres.payments import PostgresPayments
from shop.contracts.events import InventoryReserved
from shop.domain.ids import new_id
from shop.domain.inventory import AlreadyHeld, Held, Item, NotHeld, sum_by_product
from shop.domain.payments import Attempt
from shop.services.inventory.ports import InventoryRepository


@contextmanager
def connected(database_url: str) -> Iterator[Any]:
    """A cursor outside transactions."""
    # Parameters are put in by the client, as psql would, so that a test may send any SQL.
    with psycopg.connect(
        database_url, autocommit=True, cursor_factory=psycopg.ClientCursor
    ) as connection:
        yield connection.cursor()


def query(database_url: str, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement and give its rows."""
    with connected(database_url) as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall()) if cursor.description else []


def begin_payment(transaction: Transaction, order_id: UUID) -> bool:
    """Exempt an order's hold from expiry, as beginning a payment does; return whether it did."""
    row = transaction.row("SELECT user_id FROM orders WHERE id = %s", (order_id,))
    assert row is not None
    begun = PostgresPayments(transaction, EventLog()).begin(order_id, row[0], "pm_card_visa")
    return isinstance(begun, Attempt)


def levels(database_url: str, product_id: UUID) -> tuple[int, int]:
    """What is on hand and what is reserved."""
    rows = query(
        database_url,
        "SELECT quantity_on_hand, quantity_reserved FROM inventory WHERE product_id = %s",
        (product_id,),
    )
    return rows[0][0], rows[0][1]


def hold(
    inventory: InventoryRepository, order_id: UUID, items: Sequence[Item], expires_at: datetime
) -> Held | AlreadyHeld:
    """Hold stock for an order, or raise the refusal."""
    wanted = sum_by_product((item.product_id, item.quantity) for item in items)
    reserved = InventoryReserved(
        order_id=order_id,
        reservation_id=new_id(),
        items=[Item(product_id, quantity) for product_id, quantity in wanted.items()],
    )
    outcome = inventory.hold(reserved, expires_at=expires_at, correlation_id=new_id())
    if isinstance(outcome, NotHeld):
        raise outcome.refusal
    return outcome


def inventory_on(transaction: Transaction) -> PostgresInventory:
    """Return the inventory of a transaction whose events are not published."""
    return PostgresInventory(transaction, EventLog())
