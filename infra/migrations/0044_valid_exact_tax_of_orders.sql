ALTER TABLE orders VALIDATE CONSTRAINT orders_tax_rate_ppm_check;
