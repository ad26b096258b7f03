-- Events move a paid order, and scheduled functions one whose event did not come: nothing waits by task
-- tokens any more. CONFIRMED is one of the states that the schedules look for.
DROP TABLE task_tokens;

DROP INDEX idx_orders_status;
CREATE INDEX idx_orders_status ON orders (status, updated_at)
    WHERE status IN ('PENDING', 'PAYMENT_PROCESSING', 'PAYMENT_FAILED', 'INVENTORY_UNAVAILABLE', 'PAID', 'CONFIRMED',
                     'PROCESSING');
