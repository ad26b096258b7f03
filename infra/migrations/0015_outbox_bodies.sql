-- As text, byte for byte: what is replayed is what was published.
ALTER TABLE outbox ALTER COLUMN body TYPE json USING body::text::json;
