-- Each line keeps the class and the rate with which it was taxed; tax_rate_bps of orders is the standard rate.
ALTER TABLE order_items
    ADD COLUMN tax_class    text NOT NULL DEFAULT 'standard',
    ADD COLUMN tax_rate_bps integer;
ALTER TABLE order_items
    ADD CONSTRAINT order_items_tax_rate_bps_check CHECK (tax_rate_bps BETWEEN 0 AND 10000) NOT VALID;
UPDATE order_items AS item SET tax_rate_bps = o.tax_rate_bps
FROM orders AS o WHERE o.id = item.order_id AND o.tax_rate_bps IS NOT NULL;
