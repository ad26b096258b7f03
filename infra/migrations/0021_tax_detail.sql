-- Tax by line and on shipping, and the rule by which it was computed.
ALTER TABLE tax_rates ADD COLUMN taxes_shipping boolean NOT NULL DEFAULT false;
-- Delivery is part of the taxable amount in the EU (Directive 2006/112/EC, article 78) and in the United
-- Kingdom (VAT Notice 700/24), and in New York (TB-ST-838), Texas (Tax Code 151.007) and Washington
-- (WAC 458-20-110); California, Florida and Illinois do not tax it where it is charged separately.
UPDATE tax_rates SET taxes_shipping = true
WHERE country IN ('DE', 'FR', 'NL', 'ES', 'IT', 'IE', 'GB') OR (country = 'US' AND region IN ('NY', 'TX', 'WA'));

ALTER TABLE orders
    ADD COLUMN shipping_tax_minor bigint NOT NULL DEFAULT 0 CHECK (shipping_tax_minor >= 0),
    ADD COLUMN tax_rate_bps       integer CHECK (tax_rate_bps BETWEEN 0 AND 10000),
    -- order_half_up: once for the order, the rule of orders placed before this migration.
    -- line_half_up: for each line and for shipping.
    ADD COLUMN tax_rule           text NOT NULL DEFAULT 'order_half_up'
        CHECK (tax_rule IN ('order_half_up', 'line_half_up')),
    ADD COLUMN prices_include_tax boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT orders_shipping_tax_is_part_of_tax CHECK (shipping_tax_minor <= tax_minor),
    DROP CONSTRAINT orders_total_adds_up,
    ADD CONSTRAINT orders_total_adds_up CHECK (
        total_minor = subtotal_minor + shipping_minor + CASE WHEN prices_include_tax THEN 0 ELSE tax_minor END);

ALTER TABLE order_items ADD COLUMN tax_minor bigint NOT NULL DEFAULT 0 CHECK (tax_minor >= 0);
-- The tax of earlier orders was rounded once: each line gets what its share adds to the rounded running sum, so
-- that the lines add up to the order's tax.
WITH running AS (
    SELECT i.order_id, i.product_id, o.tax_minor AS tax, o.subtotal_minor AS whole, i.subtotal_minor AS share,
           sum(i.subtotal_minor) OVER (PARTITION BY i.order_id ORDER BY i.product_id) AS upto
    FROM order_items AS i JOIN orders AS o ON o.id = i.order_id
    WHERE o.tax_minor > 0 AND o.subtotal_minor > 0
)
UPDATE order_items AS item
SET tax_minor = round(tax * upto / whole) - round(tax * (upto - share) / whole)
FROM running WHERE item.order_id = running.order_id AND item.product_id = running.product_id;
