ALTER TABLE order_items ADD COLUMN tax_rate_ppm integer;
ALTER TABLE order_items
    ADD CONSTRAINT order_items_tax_rate_ppm_check CHECK (tax_rate_ppm BETWEEN 0 AND 1000000) NOT VALID;
