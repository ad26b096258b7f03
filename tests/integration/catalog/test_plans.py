"""EXPLAIN: each hot statement of the catalog uses the index meant for it at 100,000 products."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shop.adapters.postgres.catalog_sql import page_statement
from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.search import search_parameters
from shop.adapters.postgres.search_sql import SUGGEST, WORDS, search_statement
from shop.domain.catalog import Sort
from shop.domain.ids import new_id
from shop.domain.search import Filters, SearchQuery, SearchSort
from tests.support import databases

_PRODUCTS = 100_000
_LEAVES = 50

_FILL = f"""
    INSERT INTO categories (id, slug, name, path) VALUES (1, 'root', 'Root', 'root');
    INSERT INTO categories (id, slug, name, path, parent_id)
    SELECT n, 'leaf-' || n, 'Leaf', 'root/leaf-' || n, 1 FROM generate_series(2, {_LEAVES + 1}) AS n;
    INSERT INTO products (id, sku, name, description, brand, price_minor, currency, category_id,
                          is_active, created_at)
    SELECT gen_random_uuid(), 'SKU-' || n, 'Product word' || n %% 5000, '', 'Brand' || n %% 100,
           (n * 7919) %% 100000, 'USD', 2 + n %% {_LEAVES}, n %% 20 <> 0, now() - make_interval(mins => n)
    FROM generate_series(1, {_PRODUCTS}) AS n;
    INSERT INTO inventory (product_id, quantity_on_hand) SELECT id, 10 FROM products;
    INSERT INTO search_words (word, lexeme)
    SELECT 'word' || n, 'word' || n FROM generate_series(1, 20000) AS n;
"""


@pytest.fixture(scope="module")
def transaction(database_server: str, database_template: str) -> Iterator[Transaction]:
    """A database with 100,000 products in 50 categories."""
    with databases.copy_of(database_server, database_template) as url:
        database = Database(url)
        with database.transaction() as loading:
            # The words of the search and the GIN indexes are built afterwards, or not at all: faster.
            loading.execute("SET LOCAL statement_timeout = 0")
            loading.execute("ALTER TABLE products DISABLE TRIGGER USER")
            gin = loading.rows(
                "SELECT indexname, indexdef FROM pg_indexes"
                " WHERE tablename = 'products' AND indexdef LIKE '%% USING gin %%'"
            )
            for name, _ in gin:
                loading.execute(f"DROP INDEX {name}")
            for statement in _FILL.strip().removesuffix(";").split(";"):
                loading.execute(statement)
            for name, definition in gin:
                if name != "idx_products_name_trgm":
                    loading.execute(definition)
            loading.execute("ANALYZE categories, products, inventory, reservations, search_words")
        with database.transaction() as reading:
            yield reading
        database.close()


def _indexes(transaction: Transaction, statement: str, parameters: Any) -> set[str]:
    """Explain a statement; return the indexes it uses and check that it scans no large table."""
    [[[plan]]] = transaction.rows(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    indexes: set[str] = set()
    waiting = [plan["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.get("Plans", []))
        if "Index Name" in node:
            indexes.add(node["Index Name"])
        scanned = node.get("Relation Name") if node["Node Type"] == "Seq Scan" else None
        assert scanned in {None, "categories", "reservations"}, plan
    return indexes


@pytest.mark.parametrize("depth", [0, 9_900])
@pytest.mark.parametrize(
    ("sort", "index"),
    [
        (Sort.NEWEST, "idx_products_newest"),
        (Sort.PRICE_ASC, "idx_products_price"),
        (Sort.PRICE_DESC, "idx_products_price"),
    ],
)
def test_all_products(transaction: Transaction, sort: Sort, index: str, depth: int) -> None:
    used = _indexes(
        transaction,
        page_statement(sort, in_category=False),
        {"path": "", "limit": 100, "offset": depth, "end": depth + 100},
    )

    assert index in used


@pytest.mark.parametrize("path", ["root", "root/leaf-7"])
@pytest.mark.parametrize(
    ("sort", "index"),
    [
        (Sort.NEWEST, "idx_products_category"),
        (Sort.PRICE_ASC, "idx_products_category_price"),
        (Sort.PRICE_DESC, "idx_products_category_price"),
    ],
)
def test_products_of_a_category(
    transaction: Transaction, sort: Sort, index: str, path: str
) -> None:
    used = _indexes(
        transaction,
        page_statement(sort, in_category=True),
        {"path": path, "limit": 20, "offset": 0, "end": 20},
    )

    assert index in used


def test_full_text(transaction: Transaction) -> None:
    used = _indexes(
        transaction,
        "SELECT id FROM products WHERE is_active"
        " AND search_vector @@ websearch_to_tsquery('english', %s)",
        ("word4711",),
    )

    assert used == {"idx_products_name_gin"}


@pytest.mark.parametrize("brands", [None, ["Brand7"]])
@pytest.mark.parametrize("order", list(SearchSort))
def test_search(transaction: Transaction, order: SearchSort, brands: list[str] | None) -> None:
    query = SearchQuery(text="word4711 product", filters=Filters(brands=tuple(brands or ())))
    used = _indexes(
        transaction,
        search_statement(order, has_words=True),
        search_parameters(query, [["word4711"], ["product"]]),
    )

    assert {"idx_products_name_gin", "products_pkey"} <= used


def test_the_words_of_a_search(transaction: Transaction) -> None:
    used = _indexes(transaction, WORDS, {"words": ["word4711", "wrod"]})

    assert "idx_search_words_lexeme" in used


def test_suggestions(transaction: Transaction) -> None:
    used = _indexes(
        transaction,
        SUGGEST,
        {
            "longest": "% word471%",
            "patterns": ["% word471%"],
            "start": " word471",
            "limit": 8,
            "sku": "word471",
            "sku_pattern": "%word471%",
        },
    )

    assert {"idx_products_typed_name_trgm", "idx_products_plain_sku_trgm"} <= used


def test_a_sku(transaction: Transaction) -> None:
    query = SearchQuery(text="word4711-7")
    used = _indexes(
        transaction,
        search_statement(query.order, has_words=True, has_sku=True),
        search_parameters(query, [["word4711"], ["7"]]),
    )

    assert {"idx_products_name_gin", "idx_products_plain_sku_trgm"} <= used


@pytest.mark.parametrize("path", ["", "root/leaf-7"])
@pytest.mark.parametrize(
    ("sort", "key", "indexes"),
    [
        (Sort.NEWEST, datetime.now(UTC), {"idx_products_newest", "idx_products_category"}),
        (Sort.PRICE_ASC, 1, {"idx_products_price", "idx_products_category_price"}),
        (Sort.PRICE_DESC, 10**9, {"idx_products_price", "idx_products_category_price"}),
    ],
)
def test_products_after_a_cursor(
    transaction: Transaction, sort: Sort, key: object, indexes: set[str], path: str
) -> None:
    used = _indexes(
        transaction,
        page_statement(sort, in_category=bool(path), after=True),
        {"path": path, "limit": 20, "offset": 0, "end": 20, "key": key, "id": new_id()},
    )

    assert used & indexes


def test_offers_of_a_full_cart(transaction: Transaction) -> None:
    from shop.adapters.postgres.catalog_sql import OFFERS

    ids = [row[0] for row in transaction.rows("SELECT id FROM products LIMIT 100")]
    used = _indexes(transaction, OFFERS, (ids,))

    assert {"products_pkey", "inventory_pkey"} <= used


def test_customer_by_address(transaction: Transaction) -> None:
    transaction.execute("SET LOCAL enable_seqscan = off")  # the table is empty
    used = _indexes(transaction, "SELECT id FROM customers WHERE email = %s", ("a@example.com",))

    assert used == {"idx_customers_email"}
