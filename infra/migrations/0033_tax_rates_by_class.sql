ALTER TABLE tax_rates
    ADD COLUMN tax_class text NOT NULL DEFAULT 'standard' CHECK (tax_class ~ '^[a-z][a-z0-9_]{0,29}$'),
    DROP CONSTRAINT tax_rates_pkey,
    ADD PRIMARY KEY (version, country, region, tax_class);
