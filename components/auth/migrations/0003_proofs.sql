-- What proves that somebody reads the mail of an account's address: the newest for each purpose. Its
-- token and its code are made of the id and of a key that is not in the database.
CREATE TABLE auth_proofs (
    account_id TEXT NOT NULL,
    -- verify or reset
    purpose TEXT NOT NULL,
    -- Also the id of the letter that brings it.
    id TEXT NOT NULL UNIQUE,
    -- The address when the letter was asked for.
    email TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    -- How many wrong or right codes were typed.
    tries BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, purpose)
);
CREATE INDEX auth_proofs_by_expiry ON auth_proofs (expires_at);
-- What a letter tells an account's owner: from where somebody signed in, or changed the password.
CREATE TABLE auth_notices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    device TEXT NOT NULL,
    client TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX auth_notices_by_expiry ON auth_notices (expires_at);
-- When the owner proved the address. Accounts of before have not.
ALTER TABLE auth_users ADD COLUMN verified_at BIGINT;
-- The language that the owner last asked for, such as de-AT.
ALTER TABLE auth_users ADD COLUMN locale TEXT;
