-- A product's tax class selects the rate of its destination. Every destination has a rate of the class
-- `standard`, which applies to classes without a rate there. Each table has a migration of its own: one that
-- locks two of them could deadlock with requests.
ALTER TABLE products ADD COLUMN tax_class text NOT NULL DEFAULT 'standard'
    CHECK (tax_class ~ '^[a-z][a-z0-9_]{0,29}$');
