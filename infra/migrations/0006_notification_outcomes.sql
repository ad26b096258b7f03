-- What became of a notification: a guest has no address, and an address may be one that nobody can
-- write to; the order moves on in both cases, and the row says so.
ALTER TABLE notifications
    ALTER COLUMN recipient DROP NOT NULL,
    ADD COLUMN outcome text CHECK (outcome IN ('sent', 'no_address', 'refused'));
ALTER TABLE notifications RENAME COLUMN sent_at TO finished_at;
