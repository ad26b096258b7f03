"""Products with stock, and what the database says about them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from shop.adapters.postgres.database import Transaction
from shop.adapters.postgres.inventory import PostgresInventory
from shop.adapters.postgres.outbox import EventLog
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


def add_products(database_url: str, *stock: int) -> list[UUID]:
    """Make a product for each given number on hand; sorted by id."""
    ids = sorted(new_id() for _ in stock)
    with connected(database_url) as cursor:
        cursor.execute(
            "INSERT INTO categories (slug, name, path) VALUES ('things', 'Things', 'things')"
            " ON CONFLICT DO NOTHING"
        )
        for product_id, on_hand in zip(ids, stock, strict=True):
            cursor.execute(
                "INSERT INTO products (id, sku, name, price_minor, currency, category_id)"
                " SELECT %s, %s, 'Thing', 1000, 'USD', id FROM categories WHERE slug = 'things'",
                (product_id, f"SKU-{product_id}"),
            )
            cursor.execute(
                "INSERT INTO inventory (product_id, quantity_on_hand) VALUES (%s, %s)",
                (product_id, on_hand),
            )
    return ids


def add_order(
    database_url: str, *, status: str = "PENDING", expires_in: str = "10 minutes"
) -> UUID:
    """Make a bare order in a state, reached along legal moves."""
    order_id = new_id()
    paths = {
        "PENDING": [],
        "PAYMENT_PROCESSING": ["PAYMENT_PROCESSING"],
        "PAID": ["PAYMENT_PROCESSING", "PAID"],
        "CANCELLED": ["CANCELLED"],
    }
    with connected(database_url) as cursor:
        cursor.execute(
            "INSERT INTO orders (id, user_id, currency, subtotal_minor, tax_minor, shipping_minor,"
            " total_minor, shipping_address, shipping_method, correlation_id, reservation_expires_at)"
            " VALUES (%s, %s, 'USD', 1000, 0, 0, 1000, '{}', 'standard', %s, now() + %s::interval)",
            (order_id, new_id(), new_id(), expires_in),
        )
        for step in paths[status]:
            cursor.execute("UPDATE orders SET status = %s WHERE id = %s", (step, order_id))
    return order_id


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
