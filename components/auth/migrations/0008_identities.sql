-- Whom a provider of OpenID Connect names, and whose account here that is.
CREATE TABLE auth_identities (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    -- What the provider calls its user, and never another.
    subject TEXT NOT NULL,
    account_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT auth_identities_once UNIQUE (issuer, subject)
);
CREATE INDEX auth_identities_by_account ON auth_identities (account_id, id);
