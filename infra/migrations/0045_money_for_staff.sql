-- Refunds that need a decision by staff: the provider rejects them, or the bank did, and the later refunds of the
-- order do not return as much.
CREATE VIEW refunds_in_need AS
SELECT id, payment_intent_id, order_id, amount_minor, reason, status, problem, updated_at FROM refunds AS r
WHERE problem IS NOT NULL AND (
    status = 'pending' OR status = 'failed' AND amount_minor > (
        SELECT coalesce(sum(later.amount_minor), 0) FROM refunds AS later
        WHERE later.order_id = r.order_id AND later.created_at > r.created_at
          AND later.status IN ('pending', 'succeeded')));

CREATE VIEW open_disputes AS
SELECT id, order_id, payment_intent_id, amount_minor, currency, reason, status, created_at, updated_at FROM disputes
WHERE status NOT IN ('won', 'lost', 'warning_closed', 'prevented');
