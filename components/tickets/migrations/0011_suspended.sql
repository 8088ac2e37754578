-- The newest that `auth` said of accounts that were suspended once: those may list nothing while they are.
CREATE TABLE tickets_people (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    suspended BIGINT NOT NULL
);
