"""The statements of `shop.adapters.postgres.payments`.

A statement that changes an order locks the order's row first and dependent rows after it.
"""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from typing import Final

from shop.adapters.postgres.event_log import WAITING, recording_if
from shop.domain.payments import OPEN

ATTEMPT: Final = (
    "p.order_id, p.attempt, p.status, p.amount_minor, p.currency, p.payment_method_id,"
    " p.payment_intent_id, p.failure_code, clock_timestamp() - p.created_at AS age, o.correlation_id"
)
#: The attempt as one column; null without one.
ATTEMPT_OBJECT: Final = """
    CASE WHEN p.order_id IS NOT NULL THEN json_build_object(
        'order_id', p.order_id, 'attempt', p.attempt, 'status', p.status, 'amount_minor', p.amount_minor,
        'currency', p.currency, 'payment_method_id', p.payment_method_id,
        'payment_intent_id', p.payment_intent_id, 'failure_code', p.failure_code,
        'correlation_id', o.correlation_id,
        'age', format('PT%%sS', extract(epoch FROM clock_timestamp() - p.created_at))) END"""
FIND: Final = f"""
    SELECT o.id AS order_id, o.status, o.correlation_id, {ATTEMPT_OBJECT} AS attempt
    FROM orders o LEFT JOIN payments p ON p.order_id = o.id
    WHERE o.id = %(order_id)s AND o.user_id = coalesce(%(user_id)s, o.user_id)
    ORDER BY p.attempt DESC LIMIT 1
"""
FIND_BY_INTENT: Final = f"""
    SELECT o.id AS order_id, o.status, o.correlation_id, {ATTEMPT_OBJECT} AS attempt
    FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.payment_intent_id = %s
"""
# The locks are taken before the decision, and all rows change or none. `held` reads each row after locking
# it, so neither a sweep nor another buyer can take the stock in between. It does not see stock that was held
# while this statement waited for the order's row; the order is then still being placed. `latest` does not see
# an attempt that began meanwhile; of an attempt that it sees, it reads the locked row's latest state.
BEGIN: Final = f"""
    WITH the_order AS MATERIALIZED (
        SELECT id, status, correlation_id, total_minor, currency, reservation_expires_at FROM orders
        WHERE id = %(order_id)s AND user_id = coalesce(%(user_id)s::uuid, user_id)
        FOR UPDATE
    ), held AS MATERIALIZED (
        SELECT r.status, r.expires_at FROM reservations r JOIN the_order AS o ON r.order_id = o.id
        WHERE o.status = 'PENDING'
        ORDER BY r.product_id
        FOR UPDATE OF r
    ), moved AS (
        UPDATE orders SET status = 'PAYMENT_PROCESSING', updated_at = clock_timestamp()
        FROM the_order AS o
        WHERE orders.id = o.id AND o.status = 'PENDING'
          AND (SELECT bool_and(status = 'pending' AND expires_at > clock_timestamp()) FROM held)
        RETURNING orders.id, orders.total_minor, orders.currency
    ), stopped_clock AS (
        UPDATE reservations SET held_for_payment = true, updated_at = clock_timestamp()
        FROM moved WHERE reservations.order_id = moved.id
    ), entry AS (
        INSERT INTO order_timeline (order_id, status) SELECT id, 'PAYMENT_PROCESSING' FROM moved
    ), begun AS (
        INSERT INTO payments (id, order_id, amount_minor, currency, payment_method_id)
        SELECT %(payment_id)s, id, total_minor, currency, %(payment_method_id)s FROM moved
        RETURNING *
    ), latest AS MATERIALIZED (
        SELECT payments.* FROM payments JOIN the_order AS o ON order_id = o.id
        WHERE o.status <> 'PENDING'
        ORDER BY attempt DESC LIMIT 1
        FOR UPDATE OF payments
    ), p AS (
        SELECT * FROM begun UNION ALL SELECT * FROM latest
    )
    SELECT EXISTS (SELECT FROM begun) AS has_begun,
           o.reservation_expires_at > clock_timestamp() AND NOT EXISTS (SELECT FROM held) AS being_placed,
           o.id AS order_id, o.status, o.correlation_id, {ATTEMPT_OBJECT} AS attempt
    FROM the_order AS o LEFT JOIN p ON true
"""
IS_OPEN: Final = f"status IN ({', '.join(repr(status.value) for status in sorted(OPEN))})"
NOTE: Final = f"""
    UPDATE payments SET status = CASE status WHEN 'requires_action' THEN status ELSE %(status)s END,
           payment_intent_id = coalesce(%(intent)s, payment_intent_id),
           updated_at = clock_timestamp()
    WHERE order_id = %(order_id)s AND attempt = %(attempt)s AND {IS_OPEN}
      AND coalesce(payment_intent_id, %(intent)s, '') = coalesce(%(intent)s, payment_intent_id, '')
"""
# Records an outcome: the attempt's row, the order's status and its timeline. If the order has left
# PAYMENT_PROCESSING, only the attempt's row changes.
APPLY: Final = f"""
    WITH known AS MATERIALIZED (
        SELECT id, status, correlation_id FROM orders WHERE id = %(order_id)s FOR UPDATE
    ), attempt AS MATERIALIZED (
        SELECT payments.id, coalesce(payment_intent_id, %(intent)s, '') = coalesce(%(intent)s, '') AS ours,
               CASE %(payment_status)s WHEN 'succeeded' THEN payments.status <> 'succeeded'
                                       ELSE payments.{IS_OPEN} END AS undecided
        FROM payments JOIN known ON order_id = known.id
        WHERE attempt = %(attempt)s
        FOR UPDATE OF payments
    ), decided AS (
        UPDATE payments SET status = %(payment_status)s, failure_code = %(failure_code)s,
               payment_intent_id = coalesce(payment_intent_id, %(intent)s), updated_at = clock_timestamp()
        FROM attempt WHERE payments.id = attempt.id AND ours AND undecided
        RETURNING order_id
    ), moved AS (
        UPDATE orders SET status = %(target)s, updated_at = clock_timestamp()
        FROM decided WHERE orders.id = decided.order_id AND orders.status = 'PAYMENT_PROCESSING'
        RETURNING orders.id
    ), entry AS (
        INSERT INTO order_timeline (order_id, status, reason)
        SELECT id, %(target)s, %(reason)s FROM moved
    ), {recording_if("moved")}
    SELECT {WAITING}, EXISTS (SELECT FROM moved) AS moved, known.status,
           known.correlation_id, attempt.ours AS is_ours
    FROM known, attempt
"""
CLAIM_OPEN: Final = f"""
    UPDATE payments p SET updated_at = clock_timestamp() FROM orders o
    WHERE o.id = p.order_id AND p.id IN (
        SELECT id FROM payments WHERE {IS_OPEN} AND updated_at < clock_timestamp() - %(idle)s
        ORDER BY updated_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING {ATTEMPT},
              clock_timestamp() - coalesce(o.reservation_expires_at, p.created_at) AS overdue
"""
# In random order, so that a few without a balance transaction do not always come before the others.
WITHOUT_FEE: Final = """
    SELECT payment_intent_id FROM payments
    WHERE status = 'succeeded' AND payment_intent_id IS NOT NULL
      AND updated_at BETWEEN now() - interval '7 days' AND now() - interval '1 minute'
      AND NOT EXISTS (SELECT FROM payment_fees AS fee
                      WHERE fee.payment_intent_id = payments.payment_intent_id)
    ORDER BY random() LIMIT %s
"""
STRANDED: Final = """
    SELECT id AS order_id, status, correlation_id, NULL AS attempt FROM orders
    WHERE status IN ('PAYMENT_FAILED', 'INVENTORY_UNAVAILABLE')
      AND updated_at < clock_timestamp() - %s
    ORDER BY updated_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
