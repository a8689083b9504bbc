-- Temporary storage: milliseconds that mail is kept; 0 is central storage.
ALTER TABLE mailbox ADD COLUMN retention INTEGER NOT NULL DEFAULT 0;
CREATE INDEX mailbox_temporary ON mailbox(mailbox_id) WHERE retention > 0;
