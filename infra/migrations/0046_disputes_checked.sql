-- When the provider was last asked about a dispute.
ALTER TABLE disputes ADD COLUMN checked_at timestamptz NOT NULL DEFAULT now();
