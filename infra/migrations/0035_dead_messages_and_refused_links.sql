-- What waits in the dead-letter queues, as they were last read. The queues are the truth: a row only shows what is
-- in them to staff, and is deleted once its message is not.
CREATE TABLE dead_messages (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    queue      text NOT NULL,
    digest     bytea NOT NULL,
    message_id text,
    order_id   uuid,
    reason     text NOT NULL,
    dead_at    timestamptz NOT NULL,
    copies     integer NOT NULL CHECK (copies > 0),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (queue, digest)
);
CREATE INDEX idx_dead_messages_order ON dead_messages (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX idx_dead_messages_dead ON dead_messages (dead_at DESC, id DESC);

-- Since when the mail service refuses the address to which a link was to be sent; null again once an e-mail of the
-- same kind has reached it.
ALTER TABLE links ADD COLUMN refused_at timestamptz;
CREATE INDEX idx_links_refused ON links (refused_at DESC, id DESC) WHERE refused_at IS NOT NULL;
CREATE INDEX idx_links_refused_order ON links (order_id) WHERE refused_at IS NOT NULL;
CREATE INDEX idx_notifications_undeliverable ON notifications (finished_at DESC, order_id DESC) WHERE outcome = 'refused';
