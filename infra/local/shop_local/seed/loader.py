"""Puts the catalog into PostgreSQL; running it again changes nothing."""

import csv
import io
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched, groupby
from typing import Any

import psycopg

from shop_local.seed.catalog import NAMESPACE, Category, Product, categories, products
from shop_local.seed.images import image_path
from shop_local.seed.vocabulary import vocabulary

type User = tuple[str, str, str, str]
"""E-mail, password hash, name, role."""

_BATCH = 5_000

_STAGE = """
CREATE TEMP TABLE seed_products (
    id uuid, sku text, name text, description text, brand text, price_minor bigint, currency text,
    category text, tags text[], image_url text, attributes jsonb,
    tax_class text, stock integer, created_at timestamptz
) ON COMMIT DROP
"""
_CATEGORIES = """
INSERT INTO categories (slug, name, parent_id, path)
SELECT seed.slug, seed.name, parent.id, seed.path
FROM (VALUES (%s, %s, %s::text, %s)) AS seed (slug, name, parent, path)
LEFT JOIN categories parent ON parent.slug = seed.parent
ON CONFLICT (slug) DO UPDATE
SET name = excluded.name, parent_id = excluded.parent_id, path = excluded.path
WHERE (categories.name, categories.parent_id, categories.path)
      IS DISTINCT FROM (excluded.name, excluded.parent_id, excluded.path)
RETURNING slug
"""
_PRODUCTS = """
INSERT INTO products AS p (id, sku, name, description, brand, price_minor, currency, category_id,
                           tags, image_url, attributes, tax_class, created_at, updated_at)
SELECT s.id, s.sku, s.name, s.description, s.brand, s.price_minor, s.currency, c.id,
       s.tags, s.image_url, s.attributes, s.tax_class, s.created_at, s.created_at
FROM seed_products s JOIN categories c ON c.slug = s.category
ON CONFLICT (id) DO UPDATE
SET sku = excluded.sku, name = excluded.name, description = excluded.description,
    brand = excluded.brand, price_minor = excluded.price_minor, currency = excluded.currency,
    category_id = excluded.category_id, tags = excluded.tags, image_url = excluded.image_url,
    attributes = excluded.attributes, tax_class = excluded.tax_class,
    version = p.version + 1, updated_at = now()
WHERE (p.sku, p.name, p.description, p.brand, p.price_minor, p.currency, p.category_id, p.tags,
       p.image_url, p.attributes, p.tax_class)
      IS DISTINCT FROM
      (excluded.sku, excluded.name, excluded.description, excluded.brand, excluded.price_minor,
       excluded.currency, excluded.category_id, excluded.tags, excluded.image_url,
       excluded.attributes, excluded.tax_class)
"""
# GREATEST: stock that live reservations hold cannot be taken away from them.
_STOCK = """
INSERT INTO inventory AS i (product_id, quantity_on_hand)
SELECT id, stock FROM seed_products
ON CONFLICT (product_id) DO UPDATE
SET quantity_on_hand = GREATEST(excluded.quantity_on_hand, i.quantity_reserved),
    version = i.version + 1, updated_at = now()
WHERE i.quantity_on_hand <> GREATEST(excluded.quantity_on_hand, i.quantity_reserved)
  AND (%(reset)s OR NOT (
        EXISTS (SELECT FROM reservations r WHERE r.product_id = i.product_id)
        OR EXISTS (SELECT FROM stock_adjustments a WHERE a.product_id = i.product_id)
        OR EXISTS (SELECT FROM order_items o WHERE o.product_id = i.product_id)))
"""
_USERS = """
INSERT INTO customers AS c (id, email, password_hash, name, role) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (email) DO UPDATE SET name = excluded.name, role = excluded.role
WHERE (c.name, c.role) IS DISTINCT FROM (excluded.name, excluded.role)
RETURNING email
"""
_PASSWORDS = """
UPDATE customers SET password_hash = %s WHERE email = %s
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a run inserted or changed; all zero when nothing was left to do."""

    categories: int
    products: int
    inventory: int
    users: int


def load(
    database_url: str,
    image_base_url: str | None = None,
    *,
    n: int = 1_000,
    users: Sequence[User] = (),
    reset: bool = False,
) -> Loaded:
    """Insert or update categories, products, stock and people, in one transaction.

    Products whose seed data changed are updated, edits of the seeded fields by staff included;
    whether a product is active is left alone. Tax and shipping rates come with the migrations.

    Parameters
    ----------
    database_url
        A PostgreSQL database with all migrations applied.
    image_base_url
        Where the images are served, without a closing slash; ``None`` stores no image.
    n
        Number of products, at most 100,000.
    users
        People to create; a person who exists keeps the password unless ``reset``.
    reset
        Also put stock back to the seed's level (but never below what is reserved) where it was
        sold or adjusted, and replace passwords.

    Raises
    ------
    psycopg.Error
        The database is out of reach or its schema is not the one of the migrations.
    """
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        # A hundred thousand products take longer than a request may.
        cursor.execute("SET LOCAL statement_timeout = 0")
        # Two runs at once would each wait for rows of the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('shop.seed'))")
        changed_categories = _load_categories(cursor, categories())
        cursor.execute(_STAGE)
        _stage(cursor, products(n), image_base_url)
        cursor.execute("ANALYZE seed_products")
        cursor.execute(_PRODUCTS)
        changed_products = cursor.rowcount
        cursor.execute(_STOCK, {"reset": reset})
        changed_stock = cursor.rowcount
        changed_users = _load_users(cursor, users, reset=reset) if users else 0
    return Loaded(changed_categories, changed_products, changed_stock, changed_users)


def _load_categories(cursor: psycopg.Cursor[Any], nodes: Iterable[Category]) -> int:
    words = vocabulary()
    rows = [(node.slug, node.name, node.parent, "/".join(words.path(node.slug))) for node in nodes]
    changed = 0
    rows.sort(key=lambda row: row[3].count("/"))
    for _, level in groupby(rows, key=lambda row: row[3].count("/")):
        cursor.executemany(_CATEGORIES, list(level))
        changed += cursor.rowcount
    return changed


def _stage(
    cursor: psycopg.Cursor[Any], seed: Iterable[Product], image_base_url: str | None
) -> None:
    for batch in batched(seed, _BATCH, strict=False):
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        for item in batch:
            image = f"{image_base_url}/{image_path(item)}" if image_base_url is not None else None
            tags = "{" + ",".join(f'"{tag}"' for tag in item.tags) + "}"
            writer.writerow(
                (
                    item.id,
                    item.sku,
                    item.name,
                    item.description,
                    item.brand,
                    item.price_minor,
                    item.currency,
                    item.category,
                    tags,
                    image,
                    json.dumps(item.attributes, ensure_ascii=False),
                    item.tax_class,
                    item.stock,
                    item.created_at.isoformat(),
                )
            )
        with cursor.copy("COPY seed_products FROM STDIN WITH (FORMAT csv)") as copy:
            copy.write(buffer.getvalue())


def _load_users(cursor: psycopg.Cursor[Any], users: Sequence[User], *, reset: bool) -> int:
    rows = [
        (str(uuid.uuid5(NAMESPACE, f"user:{email.lower()}")), email.lower(), secret, name, role)
        for email, secret, name, role in users
    ]
    cursor.executemany(_USERS, rows)
    changed = cursor.rowcount
    if reset:
        cursor.executemany(_PASSWORDS, [(row[2], row[1]) for row in rows])
    return changed
