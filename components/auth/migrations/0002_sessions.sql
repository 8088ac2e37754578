-- Sessions, so that each can be ended. One of before, whose token names none, ends with all of its
-- account's: at signed_out_at. The table auth_failures stays: programs of before still count in it.
CREATE TABLE auth_sessions (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    -- What the browser said of itself, and where the sign-in came from.
    device TEXT NOT NULL,
    client TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- When Redis was told that it has ended, where the services look.
    told_at BIGINT
);
CREATE INDEX auth_sessions_by_account ON auth_sessions (account_id, id);
CREATE INDEX auth_sessions_by_expiry ON auth_sessions (expires_at);
CREATE INDEX auth_sessions_untold ON auth_sessions (ended_at) WHERE ended_at IS NOT NULL AND told_at IS NULL;
ALTER TABLE auth_users ADD COLUMN signed_out_at BIGINT;
ALTER TABLE auth_users ADD COLUMN signed_out_told_at BIGINT;
CREATE INDEX auth_users_untold ON auth_users (signed_out_at) WHERE signed_out_at IS NOT NULL AND signed_out_told_at IS NULL;
