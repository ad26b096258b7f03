-- Rates in millionths: 8.875 % is 88750. rate_bps goes in a later release, and the trigger with it.
ALTER TABLE tax_rates ADD COLUMN rate_ppm integer;
ALTER TABLE tax_rates ADD CONSTRAINT tax_rates_rate_ppm_check CHECK (rate_ppm BETWEEN 0 AND 1000000) NOT VALID;
UPDATE tax_rates SET rate_ppm = rate_bps * 100;

-- Staff may set rates with either release while both run.
CREATE FUNCTION keep_both_units_of_rates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.rate_ppm := coalesce(NEW.rate_ppm, NEW.rate_bps * 100);
    NEW.rate_bps := coalesce(NEW.rate_bps, round(NEW.rate_ppm / 100.0));
    RETURN NEW;
END
$$;
CREATE TRIGGER tax_rates_in_both_units BEFORE INSERT ON tax_rates
    FOR EACH ROW EXECUTE FUNCTION keep_both_units_of_rates();
