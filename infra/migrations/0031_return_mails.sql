-- Customers are told what was decided about a return: once a return, of which an order may have several.
ALTER TABLE notifications
    DROP CONSTRAINT notifications_pkey,
    DROP CONSTRAINT notifications_kind_check,
    ADD CONSTRAINT notifications_kind_check
        CHECK (kind IN ('order_confirmed', 'order_shipped', 'return_approved', 'return_rejected')),
    ADD COLUMN return_id uuid REFERENCES returns (id),
    ADD CONSTRAINT notifications_once UNIQUE NULLS NOT DISTINCT (order_id, kind, return_id);
