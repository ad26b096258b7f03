-- The second factor of staff: one-time codes (RFC 6238). The secret of an account is derived from its nonce and a key
-- that is not in the database; key_id names the key.
CREATE TABLE second_factors (
    customer_id  uuid PRIMARY KEY REFERENCES customers (id),
    nonce        bytea NOT NULL,
    key_id       bytea NOT NULL,
    begun_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    confirmed_at timestamptz,
    -- The time step of the last code that was accepted: no code is accepted twice.
    last_step    bigint NOT NULL DEFAULT 0
);

-- What gets the owner in without the device, once each.
CREATE TABLE recovery_codes (
    customer_id uuid NOT NULL REFERENCES second_factors (customer_id) ON DELETE CASCADE,
    code_sha256 bytea NOT NULL,
    used_at     timestamptz,
    PRIMARY KEY (customer_id, code_sha256)
);
