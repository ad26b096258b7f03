-- Stock and the holds on it. The constraint is the last line of defence against overselling.
CREATE TABLE inventory (
    product_id         uuid PRIMARY KEY REFERENCES products (id),
    quantity_on_hand   integer NOT NULL DEFAULT 0,
    quantity_reserved  integer NOT NULL DEFAULT 0,
    quantity_available integer NOT NULL GENERATED ALWAYS AS (quantity_on_hand - quantity_reserved) STORED,
    version            bigint NOT NULL DEFAULT 1,
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inventory_never_oversold
        CHECK (0 <= quantity_reserved AND quantity_reserved <= quantity_on_hand)
);

-- One row a product of an order; `id` is the reservation's, shared by its rows. A hold counts while it is
-- pending and (expires_at > now() or held_for_payment). order_id has no foreign key: other systems
-- may reserve for orders that live elsewhere.
CREATE TABLE reservations (
    id               uuid NOT NULL,
    order_id         uuid NOT NULL,
    product_id       uuid NOT NULL REFERENCES inventory (product_id),
    quantity         integer NOT NULL CHECK (quantity > 0),
    status           text NOT NULL DEFAULT 'pending'
                     CHECK (status IN ('pending', 'confirmed', 'released', 'expired')),
    held_for_payment boolean NOT NULL DEFAULT false,
    expires_at       timestamptz NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, product_id)
);
CREATE INDEX idx_reservations_pending_product ON reservations (product_id, expires_at) WHERE status = 'pending';
CREATE INDEX idx_reservations_pending_expiry ON reservations (expires_at) WHERE status = 'pending';

CREATE TABLE stock_adjustments (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES inventory (product_id),
    delta      integer NOT NULL,
    reason     text NOT NULL,
    actor_id   uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);
