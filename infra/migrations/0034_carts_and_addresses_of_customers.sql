-- A guest's cart that a login has moved into an account: only that account orders it. A checkout that read the cart
-- before the login and writes its order after it would otherwise sell lines that the account's cart holds.
CREATE TABLE cart_owners (
    cart_id     uuid PRIMARY KEY,
    guest_id    uuid NOT NULL,
    customer_id uuid NOT NULL REFERENCES customers (id),
    moved_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idx_cart_owners_moved ON cart_owners (moved_at);

-- The move of a cart and the insertion of its order wait for each other by this lock: each reads, in a later
-- statement, what the other has committed.
CREATE FUNCTION lock_cart(cart uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(cart::text, 34))
$$;

-- The order is left out, as by ON CONFLICT DO NOTHING.
CREATE FUNCTION refuse_order_of_moved_cart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_cart(NEW.cart_id);
    IF EXISTS (SELECT FROM cart_owners WHERE cart_id = NEW.cart_id AND customer_id <> NEW.user_id) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER orders_of_own_cart BEFORE INSERT ON orders
    FOR EACH ROW WHEN (NEW.cart_id IS NOT NULL) EXECUTE FUNCTION refuse_order_of_moved_cart();

-- Addresses that a customer keeps. At most one is the default.
CREATE TABLE customer_addresses (
    id          uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    address     jsonb NOT NULL,
    is_default  boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idx_customer_addresses_customer ON customer_addresses (customer_id, created_at, id);
CREATE UNIQUE INDEX idx_customer_addresses_default ON customer_addresses (customer_id) WHERE is_default;
