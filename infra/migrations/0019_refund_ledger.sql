-- Refunds are a ledger: one row a refund, several a charge, made by the shop or elsewhere (external).
-- What a charge has returned, or is about to, is counted on its payment's row: the constraint holds for any
-- number of writers, because each of them updates that row.
ALTER TABLE payments
    ADD COLUMN charged_minor bigint CHECK (charged_minor >= 0),
    ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN payments.charged_minor IS 'What was charged, if it differs from amount_minor.';

ALTER TABLE refunds DROP CONSTRAINT refunds_pkey, DROP CONSTRAINT refunds_status_check;
ALTER TABLE refunds RENAME COLUMN refund_id TO provider_refund_id;
ALTER TABLE refunds
    ADD COLUMN id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    ADD COLUMN tax_minor bigint NOT NULL DEFAULT 0,
    ADD COLUMN shipping boolean NOT NULL DEFAULT false,
    ADD COLUMN external boolean NOT NULL DEFAULT false,
    -- voided: replaced, because less was left of the charge than the refund asked for.
    ADD CONSTRAINT refunds_status_check CHECK (status IN ('pending', 'succeeded', 'failed', 'voided'));
UPDATE refunds SET tax_minor = o.tax_minor
FROM orders AS o WHERE o.id = refunds.order_id AND o.total_minor = refunds.amount_minor;
ALTER TABLE refunds ADD CONSTRAINT refunds_tax_within_amount CHECK (tax_minor BETWEEN 0 AND amount_minor);
CREATE UNIQUE INDEX refunds_provider_refund_id ON refunds (provider_refund_id);
CREATE INDEX idx_refunds_intent ON refunds (payment_intent_id);
CREATE UNIQUE INDEX refunds_shipping_once ON refunds (order_id)
    WHERE shipping AND status IN ('pending', 'succeeded');

UPDATE payments SET refunded_minor = least(payments.amount_minor, r.amount_minor)
FROM (SELECT payment_intent_id, sum(amount_minor) AS amount_minor FROM refunds
      WHERE status <> 'failed' GROUP BY 1) AS r
WHERE r.payment_intent_id = payments.payment_intent_id;
ALTER TABLE payments
    ADD CONSTRAINT payments_refunds_within_charge
        CHECK (refunded_minor BETWEEN 0 AND coalesce(charged_minor, amount_minor)),
    ADD COLUMN refunded_in_whole boolean NOT NULL GENERATED ALWAYS AS
        (refunded_minor > 0 AND refunded_minor = coalesce(charged_minor, amount_minor)) STORED;

-- The units that a refund is for. A unit is refunded once: counted on the order's line.
ALTER TABLE order_items
    ADD COLUMN refunded_quantity integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_items_refunded_once CHECK (refunded_quantity BETWEEN 0 AND quantity);
CREATE TABLE refund_lines (
    refund_id    uuid NOT NULL REFERENCES refunds (id),
    order_id     uuid NOT NULL,
    product_id   uuid NOT NULL,
    quantity     integer NOT NULL CHECK (quantity > 0),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    tax_minor    bigint NOT NULL CHECK (tax_minor BETWEEN 0 AND amount_minor),
    restock      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (refund_id, product_id),
    FOREIGN KEY (order_id, product_id) REFERENCES order_items (order_id, product_id)
);

-- Units of a committed hold that were put back into stock; a cancellation returns the others.
ALTER TABLE reservations
    ADD COLUMN restocked integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT reservations_restocked_once CHECK (restocked BETWEEN 0 AND quantity);

CREATE FUNCTION count_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted_before boolean := TG_OP = 'UPDATE' AND OLD.status IN ('pending', 'succeeded');
    counted boolean := NEW.status IN ('pending', 'succeeded');
    change bigint := CASE WHEN counted THEN NEW.amount_minor ELSE 0 END
                   - CASE WHEN counted_before THEN OLD.amount_minor ELSE 0 END;
BEGIN
    UPDATE payments SET refunded_minor = refunded_minor + change
    WHERE payment_intent_id = NEW.payment_intent_id;
    IF NOT FOUND AND TG_OP = 'INSERT' THEN
        RAISE EXCEPTION 'no payment has the intent %', NEW.payment_intent_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND counted <> counted_before THEN
        UPDATE order_items AS i
        SET refunded_quantity = refunded_quantity + CASE WHEN counted THEN l.quantity ELSE -l.quantity END
        FROM refund_lines AS l
        WHERE l.refund_id = NEW.id AND i.order_id = l.order_id AND i.product_id = l.product_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refunds_counted AFTER INSERT OR UPDATE OF status, amount_minor ON refunds
    FOR EACH ROW EXECUTE FUNCTION count_refund();

-- Lines are inserted together with a refund that counts.
CREATE FUNCTION count_refund_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_items SET refunded_quantity = refunded_quantity + NEW.quantity
    WHERE order_id = NEW.order_id AND product_id = NEW.product_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER refund_lines_counted AFTER INSERT ON refund_lines
    FOR EACH ROW EXECUTE FUNCTION count_refund_line();
