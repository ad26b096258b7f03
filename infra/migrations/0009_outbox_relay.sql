-- The relay reads what waits in order of sequence, whatever the aggregate; with a long backlog it must not
-- sort all of it for every batch.
CREATE INDEX idx_outbox_waiting ON outbox (sequence) WHERE published_at IS NULL;
