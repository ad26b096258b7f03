"""What the last release does to the database: its statements, as they were, while newer migrations run.

At a release, `RELEASED` becomes the last migration that it has, and the statements those of its code.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

import psycopg

RELEASED: Final = "0029_order_desk.sql"

PLACE: Final = """
    WITH placed AS (
        INSERT INTO orders (id, user_id, email, status, currency, subtotal_minor, tax_minor, shipping_minor,
            total_minor, shipping_address, shipping_method, reservation_expires_at, correlation_id, cart_id,
            phone, shipping_tax_minor, tax_rule, prices_include_tax)
        VALUES (%(order)s, %(user)s, 'a@b.example', 'PENDING', 'USD', 1000, 80, 500, 1580, '{}', 'standard',
            now() + interval '10 minutes', %(order)s, %(cart)s, NULL, 0, 'order_half_up', false)
        ON CONFLICT DO NOTHING RETURNING id
    ), lines AS (
        INSERT INTO order_items
            (order_id, product_id, name, unit_price_minor, quantity, subtotal_minor, tax_minor)
        SELECT id, %(product)s, 'Thing', 1000, 1, 1000, 80 FROM placed
    ), entry AS (
        INSERT INTO order_timeline (order_id, status) SELECT id, 'PENDING' FROM placed
    )
    INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body, occurred_at)
    SELECT gen_random_uuid(), id::text, 'order.created', id::text, '{}', now() FROM placed
"""
HOLD: Final = """
    WITH held AS (
        UPDATE inventory SET quantity_reserved = quantity_reserved + 1, version = version + 1,
            updated_at = statement_timestamp()
        WHERE product_id = %(product)s AND quantity_available >= 1 RETURNING product_id
    )
    INSERT INTO reservations (id, order_id, product_id, quantity, expires_at)
    SELECT gen_random_uuid(), %(order)s, product_id, 1, now() + interval '10 minutes' FROM held
"""
MOVE: Final = """
    WITH moved AS (
        UPDATE orders SET status = 'CANCELLED', cancel_reason = 'expired', updated_at = now()
        WHERE id = %(order)s AND status = 'PENDING' RETURNING id
    )
    INSERT INTO order_timeline (order_id, status, reason) SELECT id, 'CANCELLED', 'expired' FROM moved
"""
READ: Final = """
    SELECT o.id, o.status, o.number, o.total_minor, o.shipping_address, i.name, i.quantity, t.status, r.status
    FROM orders o JOIN order_items i ON i.order_id = o.id JOIN order_timeline t ON t.order_id = o.id
    LEFT JOIN reservations r ON r.order_id = o.id WHERE o.id = %(order)s
"""
BROWSE: Final = """
    SELECT p.id, p.name, p.price_minor, p.currency, c.slug, s.quantity_available
    FROM products p JOIN categories c ON c.id = p.category_id JOIN inventory s ON s.product_id = p.id
    WHERE p.is_active ORDER BY p.created_at DESC LIMIT 20
"""


@dataclass
class Traffic:
    """What the requests of the last release have met.

    Attributes
    ----------
    done : int
        Requests that ended well.
    errors : list of str
        What the others ended with.
    longest : float
        Seconds that the slowest statement took.
    """

    done: int = 0
    errors: list[str] = field(default_factory=list)
    longest: float = 0.0


def load(url: str, products: int, orders: int) -> list[UUID]:
    """Fill a database of the last release; return its products."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO categories (slug, name, path) VALUES ('things', 'Things', 'things')"
        )
        connection.execute(
            "INSERT INTO products (id, sku, name, description, brand, price_minor, currency,"
            " category_id, tags) SELECT gen_random_uuid(), 'SKU-' || n, 'Thing', 'Fine.', 'Brand',"
            " 1000, 'USD', (SELECT id FROM categories), '{}' FROM generate_series(1, %s) AS n",
            (products,),
        )
        connection.execute(
            "INSERT INTO inventory (product_id, quantity_on_hand) SELECT id, 1000000 FROM products"
        )
        found = [row[0] for row in connection.execute("SELECT id FROM products").fetchall()]
        with connection.cursor() as cursor:
            cursor.executemany(PLACE, [_purchase(found[n % len(found)]) for n in range(orders)])
    return found


def _purchase(product: UUID) -> dict[str, UUID]:
    return {"order": uuid4(), "user": uuid4(), "cart": uuid4(), "product": product}


@contextmanager
def traffic(
    url: str, products: list[UUID], lock_timeout: str, clients: int = 3
) -> Iterator[Traffic]:
    """Let clients of the last release buy and read; a statement that waits longer for a lock fails."""
    met, ended, guard = Traffic(), threading.Event(), threading.Lock()

    def client(number: int) -> None:
        with psycopg.connect(
            url, autocommit=True, options=f"-c lock_timeout={lock_timeout}"
        ) as connection:
            while not ended.is_set():
                values = _purchase(products[number % len(products)])
                for statement in (BROWSE, PLACE, HOLD, READ, MOVE):
                    began = time.monotonic()
                    try:
                        connection.execute(statement, values)
                    except psycopg.Error as error:
                        with guard:
                            met.errors.append(f"{type(error).__name__}: {error}")
                    with guard:
                        met.done += 1
                        met.longest = max(met.longest, time.monotonic() - began)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield met
    finally:
        ended.set()
        for thread in threads:
            thread.join()
