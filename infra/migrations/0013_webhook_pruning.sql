-- Webhooks are deleted after 90 days, oldest first.
CREATE INDEX idx_webhook_events_received ON webhook_events (received_at);
