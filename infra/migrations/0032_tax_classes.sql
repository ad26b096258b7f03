-- A product's tax class selects the rate of its destination. Every destination has a rate of the class
-- `standard`, which applies to classes without a rate there.
ALTER TABLE products ADD COLUMN tax_class text NOT NULL DEFAULT 'standard'
    CHECK (tax_class ~ '^[a-z][a-z0-9_]{0,29}$');

ALTER TABLE tax_rates
    ADD COLUMN tax_class text NOT NULL DEFAULT 'standard' CHECK (tax_class ~ '^[a-z][a-z0-9_]{0,29}$'),
    DROP CONSTRAINT tax_rates_pkey,
    ADD PRIMARY KEY (version, country, region, tax_class);

-- Each line keeps the class and the rate with which it was taxed; tax_rate_bps of orders is the standard rate.
ALTER TABLE order_items
    ADD COLUMN tax_class    text NOT NULL DEFAULT 'standard',
    ADD COLUMN tax_rate_bps integer CHECK (tax_rate_bps BETWEEN 0 AND 10000);
UPDATE order_items AS item SET tax_rate_bps = o.tax_rate_bps
FROM orders AS o WHERE o.id = item.order_id AND o.tax_rate_bps IS NOT NULL;
