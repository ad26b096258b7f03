-- Guests leave an address, too. The number is what people read out: the end of the order's id, as
-- shop.domain.orders.order_number writes it; a test compares the two.
ALTER TABLE orders
    ADD COLUMN phone text,
    ADD COLUMN number text NOT NULL GENERATED ALWAYS AS (
        upper(substr(id::text, 25, 4) || '-' || substr(id::text, 29, 4) || '-' || substr(id::text, 33, 4))) STORED;
CREATE INDEX idx_orders_number ON orders (number);

-- Links that are sent by e-mail, each used once. A request only records what was asked for; whether there is such
-- an order or customer is found out by the consumer that sends the e-mail, so that no answer and no timing shows it.
CREATE TABLE links (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('order', 'password_reset', 'verification')),
    email        text NOT NULL,
    order_number text,
    order_id     uuid REFERENCES orders (id),
    customer_id  uuid REFERENCES customers (id),
    token_sha256 bytea UNIQUE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz,
    CHECK (kind <> 'order' OR order_number IS NOT NULL)
);
CREATE INDEX idx_links_expires ON links (expires_at);
CREATE INDEX idx_links_customer ON links (customer_id) WHERE used_at IS NULL;
