"""The migration that gives lines a tax, on orders that have none."""

import shutil
from pathlib import Path

import psycopg

from shop.adapters.postgres.migrations import migrate
from shop.domain.ids import new_id
from shop_local.paths import MIGRATIONS
from tests.support import databases

_PRICES = [(333, 1), (100, 2), (1, 7), (0, 3)]


def test_the_tax_of_earlier_orders_is_distributed_over_their_lines(
    database_server: str, tmp_path: Path
) -> None:
    """A22: vendure #3047: every figure follows from the others."""
    for path in MIGRATIONS.glob("[0-9]*.sql"):
        if path.name < "0021":
            shutil.copy(path, tmp_path)
    template = databases.migrated_template(database_server, tmp_path)
    with databases.copy_of(database_server, template) as url:
        order_id = new_id()
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO categories (slug, name, path) VALUES ('things', 'Things', 'things')"
            )
            subtotal = sum(price * quantity for price, quantity in _PRICES)
            connection.execute(
                "INSERT INTO orders (id, user_id, currency, subtotal_minor, tax_minor,"
                " shipping_minor, total_minor, shipping_address, shipping_method, correlation_id)"
                " VALUES (%s, %s, 'USD', %s, 39, 5, %s, '{}', 'standard', %s)",
                (order_id, new_id(), subtotal, subtotal + 44, new_id()),
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
        migrate(url, MIGRATIONS)
        with psycopg.connect(url) as connection:
            lines = connection.execute(
                "SELECT subtotal_minor, tax_minor FROM order_items WHERE order_id = %s", (order_id,)
            ).fetchall()
            order = connection.execute(
                "SELECT tax_rule, prices_include_tax, tax_rate_bps, tax_rates_version FROM orders"
            ).fetchall()
    assert order == [("order_half_up", False, None, None)]
    assert sum(tax for _, tax in lines) == 39
    assert all(abs(tax - 39 * share / subtotal) <= 1 for share, tax in lines)
