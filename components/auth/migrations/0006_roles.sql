-- What accounts may do beside what everybody may, with spaces between.
ALTER TABLE auth_users ADD COLUMN roles TEXT NOT NULL DEFAULT '';
-- When an operator suspended the account, and why.
ALTER TABLE auth_users ADD COLUMN suspended_at BIGINT;
ALTER TABLE auth_users ADD COLUMN suspended_reason TEXT;
-- Grows whenever the account is suspended or restored.
ALTER TABLE auth_users ADD COLUMN standing_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX auth_users_suspended ON auth_users (id) WHERE suspended_at IS NOT NULL;
-- What operators did with accounts.
CREATE TABLE auth_operations (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    -- grant, revoke, suspend, restore or sign_out
    deed TEXT NOT NULL,
    role TEXT,
    reason TEXT,
    operator TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX auth_operations_by_account ON auth_operations (account_id, id);
-- When a session was last seen, to about ten minutes.
ALTER TABLE auth_sessions ADD COLUMN seen_at BIGINT;
