-- Everything that the database stores about one order:
--   psql "$SHOP_DATABASE_URL" -X -v order=<order id> -f infra/operations/order.sql
\set ON_ERROR_STOP on

\echo Order
SELECT status, email, total_minor, currency, cancel_reason, carrier, tracking_number, correlation_id,
       created_at, updated_at, reservation_expires_at
FROM orders WHERE id = :'order' \gx

\echo Timeline
SELECT occurred_at, status, reason FROM order_timeline WHERE order_id = :'order' ORDER BY id;

\echo Stock
SELECT l.product_id, l.quantity, r.status AS reservation, r.held_for_payment, r.expires_at
FROM order_items AS l LEFT JOIN reservations AS r ON r.order_id = l.order_id AND r.product_id = l.product_id
WHERE l.order_id = :'order' ORDER BY l.product_id;

\echo Payments
SELECT attempt, status, amount_minor, charged_minor, refunded_minor, payment_intent_id, failure_code, updated_at
FROM payments WHERE order_id = :'order' ORDER BY attempt;

\echo Refunds
SELECT id, status, amount_minor, tax_minor, shipping, external, reason, provider_refund_id, problem, created_at
FROM refunds WHERE order_id = :'order' ORDER BY created_at;

\echo Disputes and unexpected payments
SELECT id, status, reason, amount_minor, currency, updated_at FROM disputes WHERE order_id = :'order'
UNION ALL
SELECT payment_intent_id, 'unexpected', '', amount_minor - refunded_minor, currency, updated_at
FROM unexpected_payments WHERE order_id = :'order';

\echo Events and their consumers
SELECT o.occurred_at, o.event_type, o.event_id, o.published_at,
       (SELECT string_agg(consumer, ', ' ORDER BY processed_at) FROM inbox WHERE event_id = o.event_id) AS consumers
FROM outbox AS o WHERE o.body ->> 'order_id' = :'order' ORDER BY o.sequence;

\echo Notifications
SELECT kind, outcome, message_id, finished_at FROM notifications WHERE order_id = :'order';
