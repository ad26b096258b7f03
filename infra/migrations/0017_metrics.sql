-- What the business metrics of a period are read by. The timeline of orders is appended to in the order of time,
-- so a block range index finds a period and costs an insertion next to nothing.
CREATE INDEX idx_outbox_carts ON outbox (occurred_at) WHERE event_type IN ('cart.created', 'cart.abandoned');
CREATE INDEX idx_order_timeline_occurred ON order_timeline USING brin (occurred_at) WITH (autosummarize = on);

-- The stock as it was last seen on each day (UTC); its average is what turnover is measured by.
CREATE TABLE inventory_days (
    day           date PRIMARY KEY,
    units_on_hand bigint NOT NULL CHECK (units_on_hand >= 0)
);
