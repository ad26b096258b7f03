"""The migration that gives lines a tax, on orders that have none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from shop.adapters.postgres.migrations import migrate
from shop.domain.ids import new_id
from shop_local.paths import MIGRATIONS
from tests.support import databases

_PRICES = [(333, 1), (100, 2), (1, 7), (0, 3)]


@contextmanager
def _database_before(server: str, migration: str, folder: Path) -> Iterator[str]:
    """A database in which the migrations before one of them are applied."""
    for path in MIGRATIONS.glob("[0-9]*.sql"):
        if path.name < migration:
            shutil.copy(path, folder)
    template = databases.migrated_template(server, folder)
    with databases.copy_of(server, template) as url:
        yield url


def _place_order(connection: psycopg.Connection, **columns: int) -> UUID:
    """Insert an order over `_PRICES` with a tax of 0.39."""
    order_id = new_id()
    connection.execute(
        "INSERT INTO categories (slug, name, path) VALUES ('things', 'Things', 'things')"
    )
    subtotal = sum(price * quantity for price, quantity in _PRICES)
    names = "".join(f", {name}" for name in columns)
    connection.execute(
        "INSERT INTO orders (id, user_id, currency, subtotal_minor, tax_minor,"
        f" shipping_minor, total_minor, shipping_address, shipping_method, correlation_id{names})"
        f" VALUES (%s, %s, 'USD', %s, 39, 5, %s, '{{}}', 'standard', %s{', %s' * len(columns)})",
        (order_id, new_id(), subtotal, subtotal + 44, new_id(), *columns.values()),
    )
    for price, quantity in _PRICES:
        product_id = new_id()
        connection.execute(
            "INSERT INTO products (id, sku, name, description, brand, price_minor, currency,"
            " category_id) SELECT %s, %s, 'P', '', 'B', %s, 'USD', id FROM categories",
            (product_id, str(product_id), price),
        )
        connection.execute(
            "INSERT INTO order_items (order_id, product_id, name, unit_price_minor, quantity,"
            " subtotal_minor) VALUES (%s, %s, 'P', %s, %s, %s)",
            (order_id, product_id, price, quantity, price * quantity),
        )
    return order_id


def test_the_tax_of_earlier_orders_is_distributed_over_their_lines(
    database_server: str, tmp_path: Path
) -> None:
    """A22: vendure #3047: every figure follows from the others."""
    with _database_before(database_server, "0021", tmp_path) as url:
        with psycopg.connect(url) as connection:
            order_id = _place_order(connection)
        migrate(url, MIGRATIONS)
        with psycopg.connect(url) as connection:
            lines = connection.execute(
                "SELECT subtotal_minor, tax_minor FROM order_items WHERE order_id = %s", (order_id,)
            ).fetchall()
            order = connection.execute(
                "SELECT tax_rule, prices_include_tax, tax_rate_bps, tax_rates_version FROM orders"
            ).fetchall()
    subtotal = sum(share for share, _ in lines)
    assert order == [("order_half_up", False, None, None)]
    assert sum(tax for _, tax in lines) == 39
    assert all(abs(tax - 39 * share / subtotal) <= 1 for share, tax in lines)


def test_the_lines_of_earlier_orders_get_the_rate_of_their_order(
    database_server: str, tmp_path: Path
) -> None:
    with _database_before(database_server, "0032", tmp_path) as url:
        with psycopg.connect(url) as connection:
            _place_order(connection, tax_rate_bps=725)
        migrate(url, MIGRATIONS)
        with psycopg.connect(url) as connection:
            lines = connection.execute("SELECT tax_class, tax_rate_bps FROM order_items").fetchall()
    assert lines == [("standard", 725)] * len(_PRICES)
