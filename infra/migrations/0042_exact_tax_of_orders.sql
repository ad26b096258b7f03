ALTER TABLE orders ADD COLUMN tax_rate_ppm integer;
ALTER TABLE orders
    ADD CONSTRAINT orders_tax_rate_ppm_check CHECK (tax_rate_ppm BETWEEN 0 AND 1000000) NOT VALID;
