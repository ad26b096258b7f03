-- Transactional outbox and inbox, and the idempotency records of the HTTP API.
CREATE TABLE outbox (
    sequence       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id       uuid NOT NULL UNIQUE,
    aggregate_id   text NOT NULL,
    event_type     text NOT NULL,
    correlation_id text NOT NULL,
    body           jsonb NOT NULL,
    occurred_at    timestamptz NOT NULL,
    published_at   timestamptz
);
CREATE INDEX idx_outbox_unpublished ON outbox (aggregate_id, sequence) WHERE published_at IS NULL;
CREATE INDEX idx_outbox_occurred ON outbox (occurred_at);

CREATE TABLE inbox (
    consumer     text NOT NULL,
    event_id     uuid NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX idx_inbox_processed ON inbox (processed_at);

-- subject: who sent the key (a user id). resource_id is fixed when the key is first seen, so that a
-- retry after a crash continues the same order. claim_id: which request holds the key; locked_until:
-- when another may take over.
CREATE TABLE idempotency_keys (
    subject          text NOT NULL,
    operation        text NOT NULL,
    key              text NOT NULL,
    request_hash     bytea NOT NULL,
    resource_id      uuid NOT NULL,
    claim_id         uuid NOT NULL,
    locked_until     timestamptz NOT NULL,
    response_status  integer,
    response_headers jsonb,
    response_body    text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, operation, key)
);
CREATE INDEX idx_idempotency_keys_created ON idempotency_keys (created_at);
