-- One row per order and attempt, written before the payment provider is called, so that a charge
-- without a record cannot exist.
CREATE TABLE payments (
    id                uuid PRIMARY KEY,
    order_id          uuid NOT NULL REFERENCES orders (id),
    attempt           integer NOT NULL DEFAULT 1,
    status            text NOT NULL DEFAULT 'processing'
                      CHECK (status IN ('processing', 'requires_action', 'succeeded', 'failed', 'cancelled')),
    amount_minor      bigint NOT NULL CHECK (amount_minor >= 0),
    currency          char(3) NOT NULL,
    payment_method_id text NOT NULL,
    payment_intent_id text UNIQUE,
    failure_code      text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, attempt)
);
CREATE INDEX idx_payments_open ON payments (updated_at) WHERE status IN ('processing', 'requires_action');

-- The intent to refund, recorded before the provider is asked; unique, so money goes back once.
CREATE TABLE refunds (
    payment_intent_id text PRIMARY KEY,
    order_id          uuid NOT NULL REFERENCES orders (id),
    amount_minor      bigint NOT NULL CHECK (amount_minor > 0),
    reason            text NOT NULL,
    status            text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded')),
    refund_id         text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_refunds_order ON refunds (order_id);
CREATE INDEX idx_refunds_pending ON refunds (updated_at) WHERE status = 'pending';

CREATE TABLE webhook_events (
    event_id    text PRIMARY KEY,
    event_type  text NOT NULL,
    outcome     text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
