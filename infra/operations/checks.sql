-- Invariants of the data. In a healthy shop every query returns no rows:
--   psql "$SHOP_DATABASE_URL" -X -f infra/operations/checks.sql
-- All queries read one snapshot, so that a concurrent purchase causes no false finding.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

\echo Stock: reserved quantities equal the sum of pending holds
SELECT i.product_id, i.quantity_on_hand, i.quantity_reserved, coalesce(sum(r.quantity), 0) AS pending
FROM inventory AS i LEFT JOIN reservations AS r ON r.product_id = i.product_id AND r.status = 'pending'
GROUP BY i.product_id HAVING i.quantity_reserved <> coalesce(sum(r.quantity), 0);

\echo Stock: the stock of confirmed and later orders is committed
SELECT o.id AS order_id, o.status, l.product_id, l.quantity, r.status AS reservation
FROM orders AS o JOIN order_items AS l ON l.order_id = o.id
LEFT JOIN reservations AS r ON r.order_id = o.id AND r.product_id = l.product_id
WHERE o.status IN ('CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED')
  AND (r.status IS DISTINCT FROM 'confirmed' OR r.quantity <> l.quantity);

\echo Stock: a cancelled order holds nothing
SELECT o.id AS order_id, o.cancel_reason, r.product_id, r.quantity, r.status AS reservation
FROM orders AS o JOIN reservations AS r ON r.order_id = o.id
WHERE o.status = 'CANCELLED' AND r.status IN ('pending', 'confirmed');

\echo Stock: every hold that lapsed more than five minutes ago has expired
SELECT order_id, product_id, quantity, expires_at FROM reservations
WHERE status = 'pending' AND NOT held_for_payment AND expires_at < now() - interval '5 minutes';

\echo Money: a paid order has a payment of its total
SELECT o.id AS order_id, o.status, o.total_minor FROM orders AS o
WHERE o.status IN ('PAID', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED')
  AND NOT EXISTS (SELECT FROM payments WHERE order_id = o.id AND status = 'succeeded'
                  AND amount_minor = o.total_minor);

\echo Money: charges of orders that ended unpaid are refunded within ten minutes
SELECT o.id AS order_id, o.status, p.payment_intent_id, p.amount_minor, p.refunded_minor, f.id AS pending_refund
FROM orders AS o JOIN payments AS p ON p.order_id = o.id
LEFT JOIN refunds AS f ON f.payment_intent_id = p.payment_intent_id AND f.status = 'pending'
WHERE (p.status = 'succeeded' OR p.charged_minor IS NOT NULL)
  AND o.status IN ('PENDING', 'PAYMENT_FAILED', 'INVENTORY_UNAVAILABLE', 'CANCELLED')
  AND (NOT p.refunded_in_whole OR f.created_at < now() - interval '10 minutes')
  AND NOT EXISTS (SELECT FROM disputes AS d WHERE d.payment_intent_id = p.payment_intent_id);

\echo Money: the refunded amount of a payment equals the sum of its refunds
SELECT p.payment_intent_id, p.order_id, p.refunded_minor, coalesce(sum(f.amount_minor), 0) AS refunds
FROM payments AS p LEFT JOIN refunds AS f
    ON f.payment_intent_id = p.payment_intent_id AND f.status IN ('pending', 'succeeded')
GROUP BY p.id HAVING p.refunded_minor <> coalesce(sum(f.amount_minor), 0);

\echo Money: every refunded unit is counted once
SELECT i.order_id, i.product_id, i.refunded_quantity, coalesce(sum(l.quantity) FILTER (WHERE f.id IS NOT NULL), 0) AS lines
FROM order_items AS i LEFT JOIN refund_lines AS l USING (order_id, product_id)
LEFT JOIN refunds AS f ON f.id = l.refund_id AND f.status IN ('pending', 'succeeded')
GROUP BY i.order_id, i.product_id
HAVING i.refunded_quantity <> coalesce(sum(l.quantity) FILTER (WHERE f.id IS NOT NULL), 0);

\echo Returns: a unit is in one return, until the refund of the return counts it
SELECT i.order_id, i.product_id, i.returning_quantity, coalesce(sum(l.quantity) FILTER (WHERE e.id IS NOT NULL), 0) AS lines
FROM order_items AS i LEFT JOIN return_lines AS l USING (order_id, product_id)
LEFT JOIN returns AS e ON e.id = l.return_id AND e.status <> 'rejected'
    AND NOT EXISTS (SELECT FROM refunds WHERE return_id = e.id AND status IN ('pending', 'succeeded'))
GROUP BY i.order_id, i.product_id
HAVING i.returning_quantity <> coalesce(sum(l.quantity) FILTER (WHERE e.id IS NOT NULL), 0);

\echo Returns: a return is refunded if, and only if, its refund was made or nothing was left to refund
SELECT e.id, e.order_id, e.status, f.id AS refund_id, f.status AS refund FROM returns AS e
LEFT JOIN refunds AS f ON f.return_id = e.id AND f.status IN ('pending', 'succeeded')
WHERE (f.status = 'succeeded' AND e.status <> 'refunded')
   OR (f.status = 'pending' AND e.status <> 'received');

\echo Money: an order is charged once
SELECT order_id, count(*) AS charges FROM payments AS p
WHERE status = 'succeeded' AND NOT refunded_in_whole
GROUP BY order_id HAVING count(*) > 1;

\echo Money: an order that will ship has not been refunded in whole
SELECT o.id AS order_id, o.status, p.payment_intent_id FROM orders AS o
JOIN payments AS p ON p.order_id = o.id AND p.status = 'succeeded' AND p.refunded_in_whole
WHERE o.status IN ('PAID', 'CONFIRMED', 'PROCESSING')
  AND NOT EXISTS (SELECT FROM refunds WHERE payment_intent_id = p.payment_intent_id AND status = 'pending');

\echo Money: no refund needs a decision by staff
SELECT id, payment_intent_id, order_id, amount_minor, reason, status, problem, updated_at FROM refunds_in_need;

\echo Money: no unexpected payment waits for staff
SELECT payment_intent_id, order_id, amount_minor, currency, refunded_minor, created_at FROM unexpected_payments
WHERE refunded_minor < amount_minor;

\echo Money: no dispute is open
SELECT id, order_id, payment_intent_id, amount_minor, currency, reason, status, updated_at FROM open_disputes;

\echo Events: none has been unpublished for more than five minutes
SELECT event_type, count(*) AS waiting, min(occurred_at) AS oldest FROM outbox
WHERE published_at IS NULL AND occurred_at < now() - interval '5 minutes' GROUP BY event_type;

\echo Orders: none stays in a status longer than it should
SELECT id AS order_id, status, updated_at FROM orders
WHERE (status = 'PENDING' AND coalesce(reservation_expires_at, created_at) < now() - interval '5 minutes')
   OR (status = 'PAYMENT_PROCESSING' AND updated_at < now() - interval '1 hour')
   OR (status IN ('PAYMENT_FAILED', 'INVENTORY_UNAVAILABLE', 'PAID', 'CONFIRMED')
       AND updated_at < now() - interval '15 minutes')
ORDER BY updated_at;

ROLLBACK;
