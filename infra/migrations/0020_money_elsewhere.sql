-- A payment that names an order of ours and is not the order's own attempt. It waits for staff, who return it
-- at the provider; what the provider reports as returned is counted here.
CREATE TABLE unexpected_payments (
    payment_intent_id text PRIMARY KEY,
    order_id          uuid NOT NULL REFERENCES orders (id),
    amount_minor      bigint NOT NULL CHECK (amount_minor >= 0),
    currency          char(3) NOT NULL,
    refunded_minor    bigint NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND amount_minor),
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_unexpected_payments_order ON unexpected_payments (order_id);
CREATE INDEX idx_unexpected_payments_open ON unexpected_payments (created_at) WHERE refunded_minor < amount_minor;

-- Disputes of charges, as the provider reports them; status is the provider's.
CREATE TABLE disputes (
    id                text PRIMARY KEY,
    payment_intent_id text NOT NULL REFERENCES payments (payment_intent_id),
    order_id          uuid NOT NULL REFERENCES orders (id),
    amount_minor      bigint NOT NULL CHECK (amount_minor >= 0),
    currency          char(3) NOT NULL,
    reason            text NOT NULL,
    status            text NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_disputes_order ON disputes (order_id);
CREATE INDEX idx_disputes_intent ON disputes (payment_intent_id);
CREATE INDEX idx_disputes_open ON disputes (updated_at) WHERE status NOT IN ('won', 'lost', 'warning_closed');
