-- Since when the customer is known to read this address; null: not known.
ALTER TABLE customers ADD COLUMN email_verified_at timestamptz;
