"""The statements of `shop.adapters.postgres.refunds`."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from typing import Final

#: Statuses of disputes after which the money is the shop's again.
_ENDED_WELL: Final = "('won', 'warning_closed', 'prevented')"
DISPUTED: Final = f"""
    (SELECT coalesce(sum(d.amount_minor), 0)::bigint FROM disputes AS d
     WHERE d.payment_intent_id = p.payment_intent_id AND d.status NOT IN {_ENDED_WELL})
"""
CHARGE: Final = f"""
    SELECT p.payment_intent_id, p.order_id, o.correlation_id,
           coalesce(p.charged_minor, p.amount_minor) AS charged_minor,
           p.refunded_minor, CASE WHEN p.charged_minor IS NULL THEN o.tax_minor ELSE 0 END AS tax_minor,
           (SELECT coalesce(sum(r.tax_minor), 0)::bigint FROM refunds AS r
            WHERE r.payment_intent_id = p.payment_intent_id AND r.status IN ('pending', 'succeeded')
           ) AS refunded_tax_minor,
           {DISPUTED} AS disputed_minor,
           EXISTS (SELECT FROM refunds AS r WHERE r.order_id = o.id AND r.shipping
                   AND r.status IN ('pending', 'succeeded')) AS shipping_refunded,
           (SELECT count(*) FROM refunds AS r WHERE r.payment_intent_id = p.payment_intent_id) AS refunds,
           (SELECT coalesce(json_object_agg(i.product_id, i.refunded_quantity), '{{}}') FROM order_items AS i
            WHERE i.order_id = o.id AND i.refunded_quantity > 0) AS units,
           (SELECT coalesce(json_object_agg(i.product_id, i.returning_quantity), '{{}}') FROM order_items AS i
            WHERE i.order_id = o.id AND i.returning_quantity > 0) AS returning
    FROM payments AS p JOIN orders AS o ON o.id = p.order_id
    WHERE p.order_id = %s AND p.payment_intent_id IS NOT NULL
      AND (p.status = 'succeeded' OR p.charged_minor IS NOT NULL)
    ORDER BY p.attempt DESC LIMIT 1
"""
ADD: Final = """
    WITH added AS (
        INSERT INTO refunds (id, order_id, payment_intent_id, amount_minor, tax_minor, reason, status,
                             shipping, external, provider_refund_id, problem, return_id)
        VALUES (%(refund_id)s, %(order_id)s, %(payment_intent_id)s, %(amount_minor)s, %(tax_minor)s,
                %(reason)s, %(status)s, %(shipping)s, %(external)s, %(provider_refund_id)s, %(problem)s,
                %(return_id)s)
        ON CONFLICT (id) DO NOTHING
        RETURNING id, order_id
    ), lines AS (
        INSERT INTO refund_lines
            (refund_id, order_id, product_id, quantity, amount_minor, tax_minor, restock)
        SELECT added.id, added.order_id, line.*
        FROM added, unnest(%(products)s::uuid[], %(quantities)s::integer[], %(amounts)s::bigint[],
                           %(taxes)s::bigint[], %(restocks)s::boolean[]) AS line
    )
    SELECT id FROM added
"""
_LINES: Final = """
    (SELECT coalesce(json_agg(json_build_object(
                'product_id', l.product_id, 'quantity', l.quantity, 'amount_minor', l.amount_minor,
                'tax_minor', l.tax_minor, 'restock', l.restock) ORDER BY l.product_id), '[]')
     FROM refund_lines AS l WHERE l.refund_id = r.id) AS lines
"""
_COLUMNS: Final = f"""
    r.id AS refund_id, r.order_id, r.payment_intent_id, r.amount_minor, r.tax_minor, r.reason, r.status,
    r.shipping, r.external, r.provider_refund_id, r.problem, r.created_at, r.return_id, {_LINES},
    clock_timestamp() - r.created_at AS age
"""
GET: Final = f"SELECT {_COLUMNS} FROM refunds AS r WHERE r.id = %s"
OF_ORDER: Final = (
    f"SELECT {_COLUMNS} FROM refunds AS r WHERE r.order_id = %s ORDER BY r.created_at, r.id"
)
# Refunds of earlier releases that were made elsewhere have no id of the provider's.
FIND: Final = f"""
    SELECT {_COLUMNS} FROM refunds AS r
    WHERE r.payment_intent_id = %(intent)s
      AND (r.provider_refund_id = %(provider_refund_id)s OR r.id = %(refund_id)s
           OR r.provider_refund_id IS NULL AND r.status = 'succeeded' AND r.amount_minor = %(amount)s)
    ORDER BY r.provider_refund_id = %(provider_refund_id)s DESC NULLS LAST,
             r.id = %(refund_id)s DESC NULLS LAST
    LIMIT 1
"""
SUCCEED: Final = """
    WITH made AS (
        UPDATE refunds
        SET status = 'succeeded', problem = NULL, provider_refund_id = %(provider_refund_id)s,
            updated_at = clock_timestamp()
        WHERE id = %(refund_id)s AND status <> 'failed'
        RETURNING return_id
    )
    UPDATE returns AS e SET status = 'refunded', updated_at = clock_timestamp()
    FROM made WHERE e.id = made.return_id AND e.status = 'received'
"""
# Another refund of the return may have replaced it.
FAIL: Final = """
    WITH failed AS (
        UPDATE refunds
        SET status = 'failed', problem = %(problem)s, provider_refund_id = %(provider_refund_id)s,
            updated_at = clock_timestamp()
        WHERE id = %(refund_id)s AND status <> 'failed'
        RETURNING id, return_id
    )
    UPDATE returns AS e SET status = 'received', updated_at = clock_timestamp()
    FROM failed WHERE e.id = failed.return_id AND e.status = 'refunded'
      AND NOT EXISTS (SELECT FROM refunds AS r WHERE r.return_id = e.id AND r.id <> failed.id
                                                 AND r.status IN ('pending', 'succeeded'))
"""
CLOSE_RETURN: Final = """
    UPDATE returns SET status = 'refunded', updated_at = clock_timestamp()
    WHERE id = %s AND status = 'received'
"""
VOID: Final = """
    UPDATE refunds SET status = 'voided', problem = NULL, updated_at = clock_timestamp()
    WHERE id = %s AND status = 'pending'
"""
NOTE_PROBLEM: Final = """
    UPDATE refunds SET problem = %s, updated_at = clock_timestamp() WHERE id = %s AND status = 'pending'
"""
CLAIM: Final = f"""
    UPDATE refunds AS r SET updated_at = clock_timestamp()
    WHERE r.id IN (
        SELECT id FROM refunds
        WHERE status = 'pending' AND updated_at < clock_timestamp() - %(idle)s
        ORDER BY updated_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING {_COLUMNS}
"""
UNBOOKED: Final = """
    SELECT DISTINCT p.payment_intent_id
    FROM unnest(%(intents)s::text[], %(ids)s::text[], %(dead)s::boolean[]) AS made (intent, id, is_dead)
    JOIN payments AS p ON p.payment_intent_id = made.intent
    LEFT JOIN refunds AS r ON r.provider_refund_id = made.id
    WHERE CASE WHEN made.is_dead THEN r.status IS DISTINCT FROM 'failed'
               ELSE coalesce(r.status, 'voided') IN ('pending', 'voided') END
"""
EXPECT_NOTHING: Final = """
    INSERT INTO unexpected_payments (payment_intent_id, order_id, amount_minor, currency)
    VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING payment_intent_id
"""
RETURN_UNEXPECTED: Final = """
    UPDATE unexpected_payments
    SET refunded_minor = least(amount_minor, %(refunded)s), updated_at = clock_timestamp()
    WHERE payment_intent_id = %(intent)s
    RETURNING order_id
"""
# A closed dispute is not opened again by an event that is older.
DISPUTE: Final = """
    INSERT INTO disputes AS known
        (id, payment_intent_id, order_id, amount_minor, currency, reason, status)
    SELECT %(id)s, payment_intent_id, order_id, %(amount)s, %(currency)s, %(reason)s, %(status)s
    FROM payments WHERE payment_intent_id = %(intent)s
    ON CONFLICT (id) DO UPDATE
    SET status = %(status)s, amount_minor = %(amount)s, updated_at = clock_timestamp()
    WHERE (known.status, known.amount_minor) <> (%(status)s, %(amount)s)
      AND known.id IN (SELECT id FROM open_disputes)
    RETURNING order_id
"""
DIFFERING: Final = """
    SELECT made.id
    FROM unnest(%(ids)s::text[], %(intents)s::text[], %(amounts)s::bigint[], %(statuses)s::text[])
        AS made (id, intent, amount, status)
    JOIN payments AS p ON p.payment_intent_id = made.intent
    LEFT JOIN disputes AS known ON known.id = made.id
    WHERE known.id IS NULL
       OR (known.status, known.amount_minor) <> (made.status, made.amount)
          AND known.id IN (SELECT id FROM open_disputes)
"""
CLAIM_DISPUTES: Final = """
    UPDATE disputes SET checked_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM disputes
        WHERE id IN (SELECT id FROM open_disputes) AND checked_at < clock_timestamp() - %(idle)s
        ORDER BY checked_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
