-- Rates change by whole tables: a version is valid from its time until that of the next. Orders keep theirs.
CREATE TABLE rate_versions (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('tax', 'shipping')),
    valid_from timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid
);
CREATE INDEX idx_rate_versions_kind ON rate_versions (kind, valid_from DESC, version DESC);
INSERT INTO rate_versions (kind, valid_from) VALUES ('tax', '-infinity'), ('shipping', '-infinity');

ALTER TABLE tax_rates
    ADD COLUMN version bigint NOT NULL DEFAULT 1 REFERENCES rate_versions (version),
    DROP CONSTRAINT tax_rates_pkey,
    ADD PRIMARY KEY (version, country, region);
ALTER TABLE shipping_rates
    ADD COLUMN version bigint NOT NULL DEFAULT 2 REFERENCES rate_versions (version),
    DROP CONSTRAINT shipping_rates_pkey,
    ADD PRIMARY KEY (version, country, method);

ALTER TABLE orders
    ADD COLUMN tax_rates_version      bigint REFERENCES rate_versions (version),
    ADD COLUMN shipping_rates_version bigint REFERENCES rate_versions (version);

CREATE VIEW current_rates AS
SELECT DISTINCT ON (kind) kind, version, valid_from FROM rate_versions
WHERE valid_from <= clock_timestamp() ORDER BY kind, valid_from DESC, version DESC;
