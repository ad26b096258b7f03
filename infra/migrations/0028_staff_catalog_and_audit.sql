-- A SKU belongs to one active product; deactivating the product frees it.
ALTER TABLE products DROP CONSTRAINT products_sku_key;
CREATE UNIQUE INDEX idx_products_active_sku ON products (sku) WHERE is_active;

-- Staff list and search products that are not for sale, too.
CREATE INDEX idx_products_created ON products (created_at DESC, id);
DROP INDEX idx_products_typed_name_trgm;
CREATE INDEX idx_products_typed_name_trgm ON products USING gin (typed_name gin_trgm_ops);

-- What staff and services changed, written in the transaction of the change.
CREATE TABLE audit_log (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id    uuid NOT NULL,
    actor_role  text NOT NULL,
    action      text NOT NULL,
    subject     text NOT NULL,
    subject_id  text NOT NULL,
    before      jsonb,
    after       jsonb
);
CREATE INDEX idx_audit_log_subject ON audit_log (subject_id, id);
CREATE INDEX idx_audit_log_actor ON audit_log (actor_id, id);

CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of audit_log are never changed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER audit_log_is_final BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit_log();
