-- Notes of staff about an order.
CREATE TABLE order_notes (
    id         uuid PRIMARY KEY,
    order_id   uuid NOT NULL REFERENCES orders (id),
    author_id  uuid NOT NULL,
    text       text NOT NULL CHECK (text <> ''),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idx_order_notes_order ON order_notes (order_id, created_at);

-- The order desk lists all orders, newest first, and finds those of an address or of a product.
CREATE INDEX idx_orders_newest ON orders (created_at DESC, id DESC);
CREATE INDEX idx_orders_email ON orders (lower(email), created_at DESC, id DESC) WHERE email IS NOT NULL;
CREATE INDEX idx_order_items_product ON order_items (product_id);
CREATE INDEX idx_outbox_published ON outbox (aggregate_id, sequence) WHERE published_at IS NOT NULL;
CREATE INDEX idx_notifications_refused ON notifications (order_id) WHERE outcome = 'refused';
