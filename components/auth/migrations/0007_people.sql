-- Files with everything that the shop knows of an account, which are made page by page. `stage` says which
-- service is asked next, and `reached` what its next page comes after.
CREATE TABLE auth_exports (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT auth_exports_status CHECK (status IN ('making', 'ready', 'failed')),
    stage BIGINT NOT NULL,
    reached TEXT,
    parts BIGINT NOT NULL,
    -- How often the page that is next was tried. Nobody takes it up before next_at.
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX auth_exports_due ON auth_exports (next_at) WHERE status = 'making';
CREATE INDEX auth_exports_by_account ON auth_exports (account_id, id);
CREATE INDEX auth_exports_by_expiry ON auth_exports (expires_at);
-- The pages of such a file, in JSON.
CREATE TABLE auth_export_parts (
    export_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (export_id, number)
);
-- Where the last letter to a deleted account goes. Nothing else keeps the address; it goes after a day.
CREATE TABLE auth_farewells (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    email TEXT NOT NULL,
    locale TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX auth_farewells_by_expiry ON auth_farewells (expires_at);
-- Accounts that an operator wants deleted. The next tick does it.
CREATE TABLE auth_erasures (
    account_id TEXT PRIMARY KEY,
    asked_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS auth_notices_by_account ON auth_notices (account_id);
