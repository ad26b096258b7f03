-- The request that an adjustment was made for, where it has an Idempotency-Key: repeated after a crash between
-- the adjustment and its answer, it changes nothing more.
ALTER TABLE stock_adjustments ADD COLUMN request_id uuid;
CREATE UNIQUE INDEX idx_stock_adjustments_request ON stock_adjustments (request_id);
