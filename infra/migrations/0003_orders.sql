-- Orders, their lines and their history. order_transitions repeats shop.domain.orders.TRANSITIONS;
-- a test holds the two equal.
CREATE TABLE order_transitions (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO order_transitions VALUES
    ('PENDING', 'PAYMENT_PROCESSING'),
    ('PENDING', 'INVENTORY_UNAVAILABLE'),
    ('PENDING', 'CANCELLED'),
    ('PAYMENT_PROCESSING', 'PAID'),
    ('PAYMENT_PROCESSING', 'PAYMENT_FAILED'),
    ('PAYMENT_FAILED', 'CANCELLED'),
    ('INVENTORY_UNAVAILABLE', 'CANCELLED'),
    ('PAID', 'CONFIRMED'),
    ('PAID', 'CANCELLED'),
    ('CONFIRMED', 'PROCESSING'),
    ('CONFIRMED', 'CANCELLED'),
    ('PROCESSING', 'SHIPPED'),
    ('PROCESSING', 'CANCELLED'),
    ('SHIPPED', 'DELIVERED');

CREATE TABLE orders (
    id                     uuid PRIMARY KEY,
    user_id                uuid NOT NULL,
    email                  text,
    status                 text NOT NULL DEFAULT 'PENDING' CHECK (status IN (
                               'PENDING', 'PAYMENT_PROCESSING', 'PAID', 'CONFIRMED', 'PROCESSING', 'SHIPPED',
                               'DELIVERED', 'INVENTORY_UNAVAILABLE', 'PAYMENT_FAILED', 'CANCELLED')),
    currency               char(3) NOT NULL,
    subtotal_minor         bigint NOT NULL CHECK (subtotal_minor >= 0),
    tax_minor              bigint NOT NULL CHECK (tax_minor >= 0),
    shipping_minor         bigint NOT NULL CHECK (shipping_minor >= 0),
    total_minor            bigint NOT NULL,
    shipping_address       jsonb NOT NULL,
    shipping_method        text NOT NULL,
    payment_method_id      text,
    reservation_expires_at timestamptz,
    estimated_delivery     date,
    carrier                text,
    tracking_number        text,
    cancel_reason          text,
    correlation_id         uuid NOT NULL,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_total_adds_up CHECK (total_minor = subtotal_minor + tax_minor + shipping_minor)
);
CREATE INDEX idx_orders_user_created ON orders (user_id, created_at DESC, id DESC);
CREATE INDEX idx_orders_status ON orders (status, updated_at)
    WHERE status IN ('PENDING', 'PAYMENT_PROCESSING', 'PAYMENT_FAILED', 'INVENTORY_UNAVAILABLE', 'PAID', 'PROCESSING');

CREATE TABLE order_items (
    order_id         uuid NOT NULL REFERENCES orders (id),
    product_id       uuid NOT NULL REFERENCES products (id),
    name             text NOT NULL,
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    quantity         integer NOT NULL CHECK (quantity > 0),
    subtotal_minor   bigint NOT NULL,
    PRIMARY KEY (order_id, product_id),
    CONSTRAINT order_items_subtotal CHECK (subtotal_minor = unit_price_minor * quantity)
);

CREATE TABLE order_timeline (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id        uuid NOT NULL REFERENCES orders (id),
    status          text NOT NULL,
    reason          text,
    carrier         text,
    tracking_number text,
    occurred_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idx_order_timeline_order ON order_timeline (order_id, id);

CREATE FUNCTION refuse_illegal_order_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'PENDING' THEN
            RAISE EXCEPTION 'an order begins PENDING, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.status IS DISTINCT FROM OLD.status AND NOT EXISTS (
        SELECT FROM order_transitions WHERE from_status = OLD.status AND to_status = NEW.status
    ) THEN
        RAISE EXCEPTION 'order %: % -> % is not a transition', NEW.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER orders_legal_transition BEFORE INSERT OR UPDATE OF status ON orders
    FOR EACH ROW EXECUTE FUNCTION refuse_illegal_order_transition();

-- '*' in country or region stands for "any"; the most specific row wins. Rates are in basis points.
CREATE TABLE tax_rates (
    country  text NOT NULL,
    region   text NOT NULL DEFAULT '*',
    rate_bps integer NOT NULL CHECK (rate_bps BETWEEN 0 AND 10000),
    PRIMARY KEY (country, region)
);
CREATE TABLE shipping_rates (
    country         text NOT NULL,
    method          text NOT NULL,
    price_minor     bigint NOT NULL CHECK (price_minor >= 0),
    free_from_minor bigint,
    delivery_days   integer NOT NULL CHECK (delivery_days > 0),
    PRIMARY KEY (country, method)
);
-- The documented default of the shop: no tax where none is configured, one flat worldwide rate.
-- Rates: US state base sales tax and EU standard VAT, as published for 2025 by the Tax Foundation
-- ("State and Local Sales Tax Rates, 2025") and the European Commission (taxes in Europe database).
INSERT INTO tax_rates (country, region, rate_bps) VALUES
    ('*', '*', 0), ('US', '*', 0), ('US', 'CA', 725), ('US', 'NY', 400), ('US', 'TX', 625), ('US', 'WA', 650),
    ('US', 'FL', 600), ('US', 'IL', 625), ('DE', '*', 1900), ('FR', '*', 2000), ('NL', '*', 2100),
    ('ES', '*', 2100), ('IT', '*', 2200), ('IE', '*', 2300), ('GB', '*', 2000);
INSERT INTO shipping_rates (country, method, price_minor, free_from_minor, delivery_days) VALUES
    ('*', 'standard', 1499, 20000, 10), ('*', 'express', 3999, NULL, 4),
    ('US', 'standard', 599, 5000, 5), ('US', 'express', 1499, NULL, 2);

-- Where the fulfilment state machine waits: the task token that the next event answers.
CREATE TABLE task_tokens (
    order_id   uuid NOT NULL REFERENCES orders (id),
    step       text NOT NULL CHECK (step IN ('payment', 'confirmation')),
    token      text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, step)
);

CREATE TABLE notifications (
    order_id   uuid NOT NULL REFERENCES orders (id),
    kind       text NOT NULL CHECK (kind IN ('order_confirmed', 'order_shipped')),
    recipient  text NOT NULL,
    message_id text,
    sent_at    timestamptz,
    PRIMARY KEY (order_id, kind)
);
