-- What somebody must look at: the provider refuses a refund (it stays pending and is tried again), or the
-- bank has sent the money of one that had succeeded back to us (failed).
ALTER TABLE refunds
    DROP CONSTRAINT refunds_status_check,
    ADD CONSTRAINT refunds_status_check CHECK (status IN ('pending', 'succeeded', 'failed')),
    ADD COLUMN problem text;
CREATE INDEX idx_refunds_problem ON refunds (updated_at) WHERE problem IS NOT NULL;
