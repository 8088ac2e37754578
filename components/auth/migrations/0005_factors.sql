-- Passkeys. Whose private key is at the authenticator alone: nothing here opens an account.
CREATE TABLE auth_passkeys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    -- In base64url, as browsers write it.
    credential_id TEXT NOT NULL UNIQUE,
    -- COSE (RFC 9053), in base64url.
    public_key TEXT NOT NULL,
    -- How many times it has signed, as its authenticator says; 0 if that does not count.
    sign_count BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- How browsers reach the authenticator, with commas between.
    transports TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX auth_passkeys_by_account ON auth_passkeys (account_id, id);
-- Authenticator apps: one for an account.
CREATE TABLE auth_totp (
    account_id TEXT PRIMARY KEY,
    -- Encrypted, with a key that is made of the key that signs sessions.
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When its owner typed a first code. Before, it does not count.
    confirmed_at BIGINT,
    -- The newest step whose code was used: neither it nor an earlier one is taken again (RFC 6238, 5.2).
    last_step BIGINT NOT NULL DEFAULT 0
);
-- SHA-256 of each recovery code, which has 80 random bits.
CREATE TABLE auth_recovery_codes (
    account_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, digest)
);
-- What browsers were asked to have signed. A row goes when it is answered, or when its time is up.
CREATE TABLE auth_challenges (
    challenge TEXT PRIMARY KEY,
    -- add, sign_in, second_step or confirm
    purpose TEXT NOT NULL,
    -- Whose passkey is asked for; null if that shows by the answer.
    account_id TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX auth_challenges_by_expiry ON auth_challenges (expires_at);
