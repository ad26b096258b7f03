-- What the payment provider kept of a charge: its own balance transaction, never an estimate.
CREATE TABLE payment_fees (
    payment_intent_id      text PRIMARY KEY REFERENCES payments (payment_intent_id),
    balance_transaction_id text NOT NULL,
    fee_minor              bigint NOT NULL,
    currency               char(3) NOT NULL,
    recorded_at            timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idx_payments_succeeded ON payments (updated_at) WHERE status = 'succeeded';
