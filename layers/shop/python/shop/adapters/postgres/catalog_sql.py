"""The statements of `shop.adapters.postgres.catalog`."""

from typing import Final

from shop.adapters.postgres.inventory_sql import LAPSED
from shop.domain.catalog import Sort

_AVAILABLE: Final = f"""
    coalesce(i.quantity_available, 0) + coalesce((
        SELECT sum(quantity) FROM reservations WHERE product_id = p.id AND {LAPSED}), 0)::integer
"""  # noqa: S608 - only constants of this package are put in

PRODUCT: Final = f"""
    SELECT p.id AS product_id, p.sku, p.name, p.description, p.brand, p.price_minor, p.currency,
           c.slug AS category, p.tags, p.image_url, p.attributes, p.tax_class, p.is_active,
           p.version, p.created_at,
           {_AVAILABLE} AS stock
    FROM products AS p
    JOIN categories AS c ON c.id = p.category_id
    LEFT JOIN inventory AS i ON i.product_id = p.id
"""  # noqa: S608

#: The order of each sort. An index scan returns rows in this order, in either direction.
_ORDERS: Final = {
    Sort.NEWEST: "{0}.created_at DESC, {0}.id",
    Sort.PRICE_ASC: "{0}.price_minor, {0}.id",
    Sort.PRICE_DESC: "{0}.price_minor DESC, {0}.id DESC",
}

#: The rows after a place in each order, as a range of the index.
_AFTER: Final = {
    Sort.NEWEST: (
        "AND {0}.created_at <= %(key)s::timestamptz"
        " AND ({0}.created_at < %(key)s::timestamptz OR {0}.id > %(id)s::uuid)"
    ),
    Sort.PRICE_ASC: "AND ({0}.price_minor, {0}.id) > (%(key)s::bigint, %(id)s::uuid)",
    Sort.PRICE_DESC: "AND ({0}.price_minor, {0}.id) < (%(key)s::bigint, %(id)s::uuid)",
}

_IN_SUBTREE: Final = "(s.path = %(path)s OR starts_with(s.path, %(path)s || '/'))"

COUNT_ALL: Final = "SELECT '' AS path, count(*) AS total FROM products WHERE is_active"

COUNT_SUBTREE: Final = """
    SELECT c.path, (
        SELECT count(*) FROM products AS p JOIN categories AS s ON s.id = p.category_id
        WHERE p.is_active AND (s.path = c.path OR starts_with(s.path, c.path || '/'))) AS total
    FROM categories AS c WHERE c.slug = %(slug)s
"""

_CHOOSE: Final = """
    SELECT o.id FROM products AS o WHERE o.is_active {after}
    ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
"""

# Reads the first rows of each category of the subtree from the index, then takes the first of those: at most
# categories x depth rows, however many products there are.
_CHOOSE_IN_SUBTREE: Final = f"""
    SELECT t.id FROM categories AS s
    CROSS JOIN LATERAL (
        SELECT o.id, o.created_at, o.price_minor FROM products AS o
        WHERE o.category_id = s.id AND o.is_active {{after}} ORDER BY {{order}} LIMIT %(end)s
    ) AS t
    WHERE {_IN_SUBTREE} ORDER BY {{outer}} LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608

OFFERS: Final = f"""
    SELECT p.id AS product_id, p.name, p.price_minor, p.currency, p.tax_class, p.is_active,
           CASE WHEN p.is_active THEN {_AVAILABLE} ELSE 0 END AS available
    FROM products AS p LEFT JOIN inventory AS i ON i.product_id = p.id
    WHERE p.id = ANY(%s::uuid[])
"""  # noqa: S608

CATEGORIES: Final = """
    SELECT c.slug, c.name, c.path, (
        SELECT count(*) FROM products AS p WHERE p.category_id = c.id AND p.is_active) AS product_count
    FROM categories AS c ORDER BY c.path
"""

ADD: Final = """
    WITH added AS (
        INSERT INTO products (id, sku, name, description, brand, price_minor, currency, category_id,
                              tags, image_url, attributes, tax_class, is_active, version)
        VALUES (%(id)s, %(sku)s, %(name)s, %(description)s, %(brand)s, %(price_minor)s, %(currency)s,
                (SELECT id FROM categories WHERE slug = %(category)s),
                %(tags)s::text[], %(image_url)s, %(attributes)s, %(tax_class)s, %(is_active)s,
                %(version)s)
        ON CONFLICT DO NOTHING
        RETURNING id
    ), stocked AS (
        INSERT INTO inventory (product_id) SELECT id FROM added
    )
    SELECT EXISTS (SELECT FROM added) OR EXISTS (SELECT FROM products WHERE id = %(id)s) AS is_there
"""

UPDATE: Final = """
    UPDATE products
    SET name = %(name)s, description = %(description)s, brand = %(brand)s,
        price_minor = %(price_minor)s, currency = %(currency)s,
        category_id = (SELECT id FROM categories WHERE slug = %(category)s),
        tags = %(tags)s::text[], image_url = %(image_url)s, attributes = %(attributes)s,
        tax_class = %(tax_class)s, is_active = %(is_active)s, version = %(version)s, updated_at = now()
    WHERE id = %(id)s
      AND (NOT %(is_active)s OR is_active
           OR NOT EXISTS (SELECT FROM products WHERE sku = %(sku)s AND is_active AND id <> %(id)s))
"""

FIND: Final = f"""
    {PRODUCT}
    WHERE (%(active)s::boolean IS NULL OR p.is_active = %(active)s)
      AND (%(sku)s::text IS NULL OR p.plain_sku LIKE %(sku)s)
      AND p.typed_name LIKE ALL(%(patterns)s::text[])
      AND (%(key)s::timestamptz IS NULL OR p.created_at <= %(key)s
           AND (p.created_at < %(key)s OR p.id > %(id)s::uuid))
    ORDER BY p.created_at DESC, p.id LIMIT %(limit)s
"""

ADD_CATEGORY: Final = """
    WITH parent AS (
        SELECT id, path || '/' AS path FROM categories WHERE slug = %(parent)s
        UNION ALL SELECT NULL, '' WHERE %(parent)s::text IS NULL
    ), added AS (
        INSERT INTO categories (slug, name, parent_id, path)
        SELECT %(slug)s, %(name)s, id, path || %(slug)s FROM parent
        ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT EXISTS (SELECT FROM parent) AS has_parent, EXISTS (SELECT FROM added) AS is_added
"""


def page_statement(sort: Sort, *, in_category: bool, after: bool = False) -> str:
    """Build the statement that reads a page of products, from the beginning or after a place.

    It selects ids first, so that skipped rows cost only index entries.
    """
    order = _ORDERS[sort]
    choose = _CHOOSE_IN_SUBTREE if in_category else _CHOOSE
    rest = _AFTER[sort].format("o") if after else ""
    chosen = choose.format(order=order.format("o"), outer=order.format("t"), after=rest)
    return " ".join(
        (
            f"WITH chosen AS MATERIALIZED ({chosen})",
            PRODUCT,
            f"WHERE p.id IN (SELECT id FROM chosen) ORDER BY {order.format('p')}",  # noqa: S608
        )
    )


CATEGORY: Final = """
    SELECT c.slug, c.name, c.path, above.slug AS parent
    FROM categories AS c LEFT JOIN categories AS above ON above.id = c.parent_id WHERE c.slug = %s
"""

CHANGE_CATEGORY: Final = f"""
    UPDATE categories AS s SET
        path = %(new_path)s || substr(s.path, length(%(path)s) + 1),
        slug = CASE WHEN s.path = %(path)s THEN %(new_slug)s ELSE s.slug END,
        name = CASE WHEN s.path = %(path)s THEN %(name)s ELSE s.name END,
        parent_id = CASE WHEN s.path = %(path)s THEN (SELECT id FROM categories WHERE slug = %(parent)s)
                    ELSE s.parent_id END
    WHERE {_IN_SUBTREE}
"""  # noqa: S608

TOUCH: Final = f"""
    UPDATE products AS p SET version = p.version + 1, updated_at = now()
    FROM categories AS s WHERE s.id = p.category_id AND {_IN_SUBTREE}
    RETURNING p.id, p.version
"""  # noqa: S608
