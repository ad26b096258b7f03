"""The statements of `shop.adapters.postgres.returns`."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from typing import Final

# The refund that counts the units; a failed or replaced one does not.
_COLUMNS: Final = """
    e.id AS return_id, e.order_id, e.status, e.reason, e.rejection_reason, e.created_at, e.updated_at,
    (SELECT id FROM refunds AS r WHERE r.return_id = e.id AND r.status IN ('pending', 'succeeded')
    ) AS refund_id,
    (SELECT coalesce(json_agg(json_build_object(
                'product_id', l.product_id, 'quantity', l.quantity, 'restock', l.restock)
                ORDER BY l.product_id), '[]')
     FROM return_lines AS l WHERE l.return_id = e.id) AS lines
"""
_OF_ORDER: Final = f"SELECT {_COLUMNS} FROM returns AS e WHERE e.order_id = {{order}}"
#: The returns of the row `orders`, as one column.
RETURNS: Final = f"""
    (SELECT coalesce(json_agg(to_json(x) ORDER BY x.created_at, x.return_id), '[]')
     FROM ({_OF_ORDER.format(order="orders.id")}) AS x) AS returns
"""
GET: Final = f"SELECT {_COLUMNS} FROM returns AS e WHERE e.id = %s"
OF_ORDER: Final = f"{_OF_ORDER.format(order='%s')} ORDER BY e.created_at, e.id"
ADD: Final = """
    WITH added AS (
        INSERT INTO returns (id, order_id, reason) VALUES (%(return_id)s, %(order_id)s, %(reason)s)
        RETURNING id, order_id
    )
    INSERT INTO return_lines (return_id, order_id, product_id, quantity)
    SELECT added.id, added.order_id, line.*
    FROM added, unnest(%(products)s::uuid[], %(quantities)s::integer[]) AS line
"""
FREE_UNITS: Final = """
    SELECT product_id, quantity - refunded_quantity - returning_quantity AS quantity
    FROM order_items WHERE order_id = %s
"""
MOVE: Final = """
    WITH moved AS (
        UPDATE returns SET status = %(target)s, rejection_reason = %(rejection_reason)s,
               updated_at = clock_timestamp()
        WHERE id = %(return_id)s AND status = ANY(%(sources)s)
        RETURNING id
    ), lines AS (
        UPDATE return_lines AS l SET restock = l.product_id = ANY(%(restock)s::uuid[])
        FROM moved WHERE l.return_id = moved.id AND %(restock)s::uuid[] IS NOT NULL
    )
    SELECT id FROM moved
"""
