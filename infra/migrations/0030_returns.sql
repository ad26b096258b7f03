-- Returns of delivered units. return_transitions repeats shop.domain.returns.TRANSITIONS; a test holds the two
-- equal.
-- In the order in which requests lock them, before anything else is locked: no deadlock.
LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE refunds, order_items IN ACCESS EXCLUSIVE MODE;

CREATE TABLE return_transitions (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
INSERT INTO return_transitions VALUES
    ('requested', 'approved'),
    ('requested', 'rejected'),
    ('approved', 'received'),
    ('approved', 'rejected'),
    ('received', 'refunded'),
    ('received', 'rejected'),
    ('refunded', 'received');

CREATE TABLE returns (
    id               uuid PRIMARY KEY,
    order_id         uuid NOT NULL REFERENCES orders (id),
    status           text NOT NULL DEFAULT 'requested'
                         CHECK (status IN ('requested', 'approved', 'rejected', 'received', 'refunded')),
    reason           text NOT NULL,
    rejection_reason text,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (id, order_id),
    CONSTRAINT returns_rejected_with_a_reason CHECK ((status = 'rejected') = (rejection_reason IS NOT NULL))
);
CREATE INDEX idx_returns_order ON returns (order_id, created_at);
CREATE INDEX idx_returns_open ON returns (order_id) WHERE status IN ('requested', 'received');

CREATE TABLE return_lines (
    return_id  uuid NOT NULL,
    order_id   uuid NOT NULL,
    product_id uuid NOT NULL,
    quantity   integer NOT NULL CHECK (quantity > 0),
    restock    boolean, -- known once the units were received
    PRIMARY KEY (return_id, product_id),
    FOREIGN KEY (return_id, order_id) REFERENCES returns (id, order_id),
    FOREIGN KEY (order_id, product_id) REFERENCES order_items (order_id, product_id)
);
CREATE INDEX idx_return_lines_item ON return_lines (order_id, product_id);

-- The refund of a return. It counts the units that the return has counted until then, so that each unit is in
-- one live return or in one live refund: the constraint holds for any number of writers, because each of them
-- updates the order's line.
ALTER TABLE refunds
    ADD COLUMN return_id uuid,
    ADD CONSTRAINT refunds_return_fkey FOREIGN KEY (return_id, order_id) REFERENCES returns (id, order_id);
CREATE UNIQUE INDEX refunds_return_once ON refunds (return_id) WHERE status IN ('pending', 'succeeded');
ALTER TABLE order_items
    ADD COLUMN returning_quantity integer NOT NULL DEFAULT 0 CHECK (returning_quantity >= 0),
    ADD CONSTRAINT order_items_units_once CHECK (refunded_quantity + returning_quantity <= quantity);

CREATE FUNCTION count_return_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_items SET returning_quantity = returning_quantity + NEW.quantity
    WHERE order_id = NEW.order_id AND product_id = NEW.product_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER return_lines_counted AFTER INSERT ON return_lines
    FOR EACH ROW EXECUTE FUNCTION count_return_line();

CREATE FUNCTION check_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'requested' THEN
            RAISE EXCEPTION 'a return begins requested, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM return_transitions WHERE from_status = OLD.status AND to_status = NEW.status
    ) THEN
        RAISE EXCEPTION 'return %: % -> % is not a transition', NEW.id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'rejected' THEN
        IF EXISTS (SELECT FROM refunds WHERE return_id = NEW.id AND status IN ('pending', 'succeeded')) THEN
            RAISE EXCEPTION 'return %: it is being refunded', NEW.id USING ERRCODE = 'check_violation';
        END IF;
        UPDATE order_items AS i SET returning_quantity = returning_quantity - l.quantity
        FROM return_lines AS l
        WHERE l.return_id = NEW.id AND i.order_id = l.order_id AND i.product_id = l.product_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER returns_checked BEFORE INSERT OR UPDATE OF status ON returns
    FOR EACH ROW EXECUTE FUNCTION check_return();

-- The return's row is locked, so that it cannot be rejected meanwhile.
CREATE FUNCTION check_refund_of_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM returns WHERE id = NEW.return_id AND status = 'received' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'return %: it is not received', NEW.return_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refunds_of_received_returns BEFORE INSERT ON refunds
    FOR EACH ROW WHEN (NEW.return_id IS NOT NULL) EXECUTE FUNCTION check_refund_of_return();

CREATE OR REPLACE FUNCTION count_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted_before boolean := TG_OP = 'UPDATE' AND OLD.status IN ('pending', 'succeeded');
    counted boolean := NEW.status IN ('pending', 'succeeded');
    change bigint := CASE WHEN counted THEN NEW.amount_minor ELSE 0 END
                   - CASE WHEN counted_before THEN OLD.amount_minor ELSE 0 END;
    sign integer := CASE WHEN counted THEN 1 ELSE -1 END;
BEGIN
    UPDATE payments SET refunded_minor = refunded_minor + change
    WHERE payment_intent_id = NEW.payment_intent_id;
    IF NOT FOUND AND TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'no payment has the intent %', NEW.payment_intent_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND counted <> counted_before THEN
        UPDATE order_items AS i
        SET refunded_quantity = refunded_quantity + sign * l.quantity,
            returning_quantity = returning_quantity
                               - CASE WHEN NEW.return_id IS NULL THEN 0 ELSE sign * l.quantity END
        FROM refund_lines AS l
        WHERE l.refund_id = NEW.id AND i.order_id = l.order_id AND i.product_id = l.product_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_refund_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_items AS i
    SET refunded_quantity = refunded_quantity + NEW.quantity,
        returning_quantity = returning_quantity - CASE WHEN r.return_id IS NULL THEN 0 ELSE NEW.quantity END
    FROM refunds AS r
    WHERE r.id = NEW.refund_id AND i.order_id = NEW.order_id AND i.product_id = NEW.product_id;
    RETURN NULL;
END
$$;
