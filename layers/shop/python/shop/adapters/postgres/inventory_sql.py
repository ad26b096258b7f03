"""Statements of `shop.adapters.postgres.inventory`.

``statement_timestamp()`` rather than ``now()``: a transaction that waited for a lock must compare expiry
times with the time at which it resumed.
"""

from typing import Final

from shop.adapters.postgres.event_log import WAITING, recording_if

LAPSED: Final = (
    "status = 'pending' AND NOT held_for_payment AND expires_at <= statement_timestamp()"
)

STOCK: Final = f"""
    SELECT p.id AS product_id, coalesce(i.quantity_on_hand, 0) AS on_hand,
           coalesce(i.quantity_reserved, 0) - lapsed.quantity AS reserved,
           coalesce(i.quantity_available, 0) + lapsed.quantity AS available,
           coalesce(i.version, 0) AS version
    FROM products AS p LEFT JOIN inventory AS i ON i.product_id = p.id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(quantity), 0)::integer AS quantity FROM reservations
        WHERE product_id = p.id AND {LAPSED}
    ) AS lapsed
    WHERE p.id = ANY(%(products)s)
    ORDER BY p.id
"""  # noqa: S608 - only constants of this module are put in

#: Columns of a `StockLevel`.
_LEVEL: Final = (
    "i.product_id, i.quantity_on_hand AS on_hand, i.quantity_reserved AS reserved,"
    " i.quantity_available AS available, i.version"
)

LOCK_STOCK: Final = """
    SELECT product_id FROM inventory WHERE product_id = ANY(%(products)s) ORDER BY product_id FOR UPDATE
"""

# The order's row comes first in the global lock order; its condition is evaluated before any inventory row is
# read. Orders of other systems have no row here, so an advisory lock on the order's id serialises two holds
# of one order, which may share no product.
LOCK_ORDER_AND_STOCK: Final = """
    WITH turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(hashtextextended(%(order)s::text, 0))
    ), the_order AS MATERIALIZED (
        SELECT id FROM orders WHERE id = %(order)s AND (SELECT count(*) FROM turn) = 1
        FOR NO KEY UPDATE
    )
    SELECT product_id FROM inventory
    WHERE product_id = ANY(%(products)s) AND (SELECT count(*) FROM the_order) >= 0
    ORDER BY product_id FOR UPDATE OF inventory
"""

LOCK_STOCK_OF_ORDER: Final = f"""
    SELECT product_id FROM inventory
    WHERE product_id IN (
        SELECT product_id FROM reservations
        WHERE order_id = %(order)s AND status IN ('pending', 'confirmed')
          AND (NOT %(expired)s OR ({LAPSED}))
    )
    ORDER BY product_id FOR UPDATE
"""  # noqa: S608

# Only a new hold expires lapsed ones: a repeated hold changes nothing.
_ORDER_IS_NEW: Final = "AND NOT EXISTS (SELECT FROM reservations WHERE order_id = %(order)s)"


def _take_lapsed_out(condition: str) -> str:
    # Rows that a starting payment has locked are skipped: it exempts them from expiry.
    return f"""
    lapsed_rows AS (
        SELECT order_id, product_id FROM reservations
        WHERE product_id = ANY(%(products)s) AND {LAPSED} {condition}
        ORDER BY order_id, product_id FOR UPDATE SKIP LOCKED
    ), lapsed AS (
        UPDATE reservations AS r SET status = 'expired', updated_at = statement_timestamp()
        FROM lapsed_rows AS l
        WHERE r.order_id = l.order_id AND r.product_id = l.product_id
        RETURNING r.id, r.order_id, r.product_id, r.quantity, r.expires_at
    ), lapsed_by_product AS (
        SELECT product_id, sum(quantity)::integer AS quantity FROM lapsed GROUP BY product_id
    )"""  # noqa: S608


_LAPSED_HOLDS: Final = """
    (SELECT coalesce(json_agg(h), '[]') FROM (
        SELECT id AS reservation_id, order_id, min(expires_at) AS expires_at,
               json_agg(json_build_object('product_id', product_id, 'quantity', quantity)
                        ORDER BY product_id) AS items
        FROM lapsed GROUP BY id, order_id) AS h) AS lapsed"""

HOLD: Final = f"""
    WITH {_take_lapsed_out(_ORDER_IS_NEW)}, wanted AS (
        SELECT * FROM unnest(%(products)s::uuid[], %(quantities)s::integer[]) AS w (product_id, quantity)
    ), known AS (
        SELECT id, product_id, quantity, expires_at,
               status IN ('released', 'expired') OR ({LAPSED}) AS ended
        FROM reservations WHERE order_id = %(order)s
    ), the_order AS (
        SELECT status FROM orders WHERE id = %(order)s
    ), stock AS (
        SELECT product_id, wanted.quantity, coalesce(l.quantity, 0) AS lapsed,
               coalesce(i.quantity_available + coalesce(l.quantity, 0), 0) AS available
        FROM wanted
        LEFT JOIN inventory AS i USING (product_id)
        LEFT JOIN lapsed_by_product AS l USING (product_id)
    ), decision AS (
        SELECT bool_and(available >= quantity)
               AND NOT EXISTS (SELECT FROM known)
               AND NOT EXISTS (SELECT FROM the_order WHERE status <> 'PENDING')
               AND in_time AS held, in_time
        FROM stock, (SELECT %(expires_at)s > statement_timestamp()) AS clock (in_time)
        GROUP BY in_time
    ), reserved AS (
        UPDATE inventory AS i
        SET quantity_reserved = i.quantity_reserved - stock.lapsed
                                + CASE WHEN decision.held THEN stock.quantity ELSE 0 END,
            version = i.version + 1, updated_at = statement_timestamp()
        FROM stock, decision
        WHERE i.product_id = stock.product_id AND (decision.held OR stock.lapsed > 0)
    ), inserted AS (
        INSERT INTO reservations (id, order_id, product_id, quantity, expires_at)
        SELECT %(reservation)s, %(order)s, product_id, quantity, %(expires_at)s
        FROM wanted, decision WHERE decision.held ORDER BY product_id
    ), taken AS (SELECT FROM decision WHERE held), {recording_if("taken")}
    SELECT held, in_time, {WAITING},
           (SELECT status FROM the_order) AS order_status,
           (SELECT coalesce(json_agg(known ORDER BY product_id), '[]') FROM known) AS known,
           (SELECT json_object_agg(product_id, available) FROM stock) AS stock,
           {_LAPSED_HOLDS}
    FROM decision
"""  # noqa: S608

# The caller has locked the order's row.
RELEASE: Final = f"""
    WITH held AS (
        SELECT order_id, product_id, status AS was FROM reservations
        WHERE order_id = %(order)s AND status IN ('pending', 'confirmed')
          AND (NOT %(expired)s OR ({LAPSED}))
        ORDER BY product_id FOR UPDATE
    ), released AS (
        UPDATE reservations AS r
        SET status = CASE WHEN %(expired)s THEN 'expired' ELSE 'released' END,
            updated_at = statement_timestamp()
        FROM held WHERE r.order_id = held.order_id AND r.product_id = held.product_id
        RETURNING r.id, r.product_id, r.quantity - r.restocked AS quantity, r.expires_at, held.was
    )
    UPDATE inventory AS i
    SET quantity_on_hand = i.quantity_on_hand + CASE WHEN was = 'confirmed' THEN quantity ELSE 0 END,
        quantity_reserved = i.quantity_reserved - CASE WHEN was = 'pending' THEN quantity ELSE 0 END,
        version = i.version + 1, updated_at = statement_timestamp()
    FROM released WHERE i.product_id = released.product_id
    RETURNING {_LEVEL}, released.id AS reservation_id, released.expires_at, released.quantity
"""  # noqa: S608

# The caller has locked the order's row and the inventory's.
RESTOCK: Final = f"""
    WITH returned AS (
        UPDATE reservations AS r SET restocked = restocked + w.quantity, updated_at = statement_timestamp()
        FROM unnest(%(products)s::uuid[], %(quantities)s::integer[]) AS w (product_id, quantity)
        WHERE r.order_id = %(order)s AND r.product_id = w.product_id AND r.status = 'confirmed'
          AND r.restocked + w.quantity <= r.quantity
        RETURNING r.product_id, w.quantity
    )
    UPDATE inventory AS i
    SET quantity_on_hand = i.quantity_on_hand + returned.quantity,
        version = i.version + 1, updated_at = statement_timestamp()
    FROM returned WHERE i.product_id = returned.product_id
    RETURNING {_LEVEL}
"""  # noqa: S608

# All or nothing: an order is not confirmed if part of its hold has ended. The inventory rows are locked
# first, in order, so that the subtraction applies to their latest version.
CONFIRM: Final = f"""
    WITH locked AS MATERIALIZED (
        SELECT product_id FROM inventory
        WHERE product_id IN (SELECT product_id FROM reservations WHERE order_id = %(order)s)
        ORDER BY product_id FOR UPDATE
    ), held AS MATERIALIZED (
        SELECT order_id, product_id, status FROM reservations
        WHERE order_id = %(order)s AND (SELECT count(*) FROM locked) > 0
        ORDER BY product_id FOR UPDATE
    ), confirmed AS (
        UPDATE reservations AS r SET status = 'confirmed', updated_at = statement_timestamp()
        FROM held
        WHERE r.order_id = held.order_id AND r.product_id = held.product_id
          AND (SELECT bool_and(status = 'pending') FROM held)
        RETURNING r.id, r.product_id, r.quantity, r.expires_at
    )
    UPDATE inventory AS i
    SET quantity_on_hand = i.quantity_on_hand - quantity,
        quantity_reserved = i.quantity_reserved - quantity,
        version = i.version + 1, updated_at = statement_timestamp()
    FROM confirmed WHERE i.product_id = confirmed.product_id
    RETURNING {_LEVEL}, confirmed.id AS reservation_id, confirmed.expires_at, confirmed.quantity
"""  # noqa: S608

FIRST_STOCK: Final = """
    INSERT INTO inventory (product_id) SELECT id FROM products WHERE id = %(product)s ON CONFLICT DO NOTHING
"""

CHANGE_STOCK: Final = f"""
    WITH done AS (
        SELECT FROM stock_adjustments WHERE request_id = %(request)s
    ), {_take_lapsed_out("AND NOT EXISTS (SELECT FROM done)")}, target AS (
        SELECT i.product_id, i.quantity_on_hand AS old,
               coalesce(%(on_hand)s, i.quantity_on_hand::bigint + %(adjust_by)s) AS new,
               i.quantity_reserved - coalesce(l.quantity, 0) AS reserved
        FROM inventory AS i LEFT JOIN lapsed_by_product AS l USING (product_id)
        WHERE i.product_id = %(product)s AND NOT EXISTS (SELECT FROM done)
    ), noted AS (
        INSERT INTO stock_adjustments (product_id, delta, reason, actor_id, request_id)
        SELECT product_id, new - old, %(reason)s, %(actor)s, %(request)s
        FROM target WHERE new BETWEEN reserved AND %(maximum)s
    )
    UPDATE inventory AS i
    SET quantity_on_hand = target.new, quantity_reserved = target.reserved,
        version = i.version + 1, updated_at = statement_timestamp()
    FROM target WHERE i.product_id = target.product_id AND target.new BETWEEN target.reserved AND %(maximum)s
    RETURNING {_LEVEL}, target.old AS on_hand_before,
              {_LAPSED_HOLDS}
"""  # noqa: S608

ADJUSTED: Final = """
    SELECT id FROM stock_adjustments WHERE request_id = %(request)s
"""

LAPSED_ORDERS: Final = f"""
    SELECT DISTINCT order_id FROM (
        (SELECT order_id FROM reservations WHERE {LAPSED} ORDER BY expires_at LIMIT %(limit)s)
        UNION ALL
        (SELECT id FROM orders
         WHERE status = 'PENDING' AND reservation_expires_at <= statement_timestamp()
         ORDER BY updated_at LIMIT %(limit)s)
    ) AS lapsed (order_id)
    LIMIT %(limit)s
"""  # noqa: S608

# An order whose row another transaction has locked is left to that transaction or the next run.
CLAIM_LAPSED: Final = f"""
    WITH the_order AS MATERIALIZED (
        SELECT status, correlation_id, reservation_expires_at FROM orders
        WHERE id = %(order)s FOR NO KEY UPDATE SKIP LOCKED
    ), holds AS (
        SELECT count(*) FILTER (WHERE {LAPSED}) AS lapsed,
               count(*) FILTER (WHERE status IN ('pending', 'confirmed') AND NOT ({LAPSED})) AS live
        FROM reservations WHERE order_id = %(order)s
    )
    SELECT the_order.status, the_order.correlation_id
    FROM holds LEFT JOIN the_order ON true
    WHERE holds.live = 0
      AND (the_order.status IS NOT NULL OR NOT EXISTS (SELECT FROM orders WHERE id = %(order)s))
      AND (holds.lapsed > 0 OR the_order.status = 'PENDING'
           AND the_order.reservation_expires_at <= statement_timestamp())
"""  # noqa: S608
