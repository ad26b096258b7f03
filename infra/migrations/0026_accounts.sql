-- Since when the customer is known to read this address; null: not known.
ALTER TABLE customers ADD COLUMN email_verified_at timestamptz;
-- Since when the account is deleted: its row stays for its orders, without what identifies a person.
ALTER TABLE customers ADD COLUMN deleted_at timestamptz;
