CREATE TABLE auth_users (
    id TEXT PRIMARY KEY,
    -- Lower-cased: one person, one account, however they type their address.
    email TEXT NOT NULL UNIQUE,
    -- PHC string of argon2id.
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- Failed sign-ins of an address within a window; guessing a password must be slow.
CREATE TABLE auth_failures (
    email TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    window_ends_at BIGINT NOT NULL
);
