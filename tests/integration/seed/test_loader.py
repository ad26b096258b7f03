"""The loader fills a migrated database once, and restores only seeded fields."""

from collections.abc import Iterator

import psycopg
import pytest

from shop_local.seed.loader import Loaded, load

IMAGES = "http://127.0.0.1:1/images"
STAFF = ("Sam@shop.test", "hash-1", "Sam Staff", "staff")


@pytest.fixture
def rows(database: str) -> Iterator[psycopg.Cursor]:
    load(database, IMAGES, users=[STAFF])
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection.cursor()


def test_a_second_run_changes_nothing(database: str) -> None:
    assert load(database, IMAGES, users=[STAFF]).products == 1_000
    assert load(database, IMAGES, users=[STAFF]) == Loaded(0, 0, 0, 0)


def test_changed_products_are_restored_and_stay_inactive(
    database: str, rows: psycopg.Cursor
) -> None:
    rows.execute(
        "UPDATE products SET name = 'x', is_active = false WHERE sku = "
        "(SELECT min(sku) FROM products) RETURNING id"
    )
    (product,) = rows.fetchone() or ()
    assert load(database, IMAGES).products == 1
    rows.execute("SELECT name <> 'x', is_active, version FROM products WHERE id = %s", (product,))
    assert rows.fetchone() == (True, False, 2)


def test_stock_that_was_adjusted_is_kept_until_reset(database: str, rows: psycopg.Cursor) -> None:
    rows.execute(
        "WITH chosen AS (SELECT product_id FROM inventory ORDER BY product_id LIMIT 2) "
        "UPDATE inventory SET quantity_on_hand = 1000, quantity_reserved = 900 "
        "WHERE product_id IN (SELECT product_id FROM chosen) RETURNING product_id"
    )
    adjusted = rows.fetchall()[0]
    rows.execute(
        "INSERT INTO stock_adjustments (product_id, delta, reason) VALUES (%s, 1, 'x')", adjusted
    )
    assert load(database, IMAGES).inventory == 1
    assert load(database, IMAGES, reset=True).inventory == 1
    rows.execute("SELECT quantity_on_hand FROM inventory WHERE product_id = %s", adjusted)
    assert rows.fetchone() == (900,)  # never below what is reserved


def test_passwords_are_replaced_by_reset_only(database: str, rows: psycopg.Cursor) -> None:
    changed = ("sam@shop.test", "hash-2", "Sam Staff", "staff")
    for reset, expected in ((False, "hash-1"), (True, "hash-2")):
        load(database, IMAGES, users=[changed], reset=reset)
        rows.execute("SELECT password_hash FROM customers WHERE email = 'sam@shop.test'")
        assert rows.fetchone() == (expected,)
