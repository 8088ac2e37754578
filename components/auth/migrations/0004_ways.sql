-- The path that the link of a letter goes on to; only of letters that sign in.
ALTER TABLE auth_proofs ADD COLUMN next TEXT;
-- Addresses that accounts had, each with a letter that gives it back: one row for each change, so that
-- a second change does not end the way back from the first.
CREATE TABLE auth_address_changes (
    -- Also the id of the letter to the old address.
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    old_email TEXT NOT NULL,
    -- From where it was changed.
    device TEXT NOT NULL,
    client TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When the old address was given back, or an older one.
    ended_at BIGINT
);
CREATE INDEX auth_address_changes_by_account ON auth_address_changes (account_id, created_at);
CREATE INDEX auth_address_changes_by_expiry ON auth_address_changes (expires_at);
