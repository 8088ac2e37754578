CREATE TABLE mail_letters (
    id TEXT PRIMARY KEY,
    -- Kind, subject and recipient: an event that comes twice makes one letter.
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    -- The id of what it is about.
    subject TEXT NOT NULL,
    -- The account that gets it. Null where only the owner of the subject knows it.
    recipient TEXT,
    -- The version of the subject that it was learnt from.
    version BIGINT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Nobody takes it up before: it waits, or somebody is at work on it.
    next_at BIGINT NOT NULL,
    expires_at BIGINT,
    -- The last of several recipients that has a letter of their own.
    reached TEXT,
    last_error TEXT,
    -- What the server said when it took the letter.
    server_answer TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX mail_due ON mail_letters (next_at) WHERE status = 'waiting';
-- One row at most: what keeps everyone from the server while it fails.
CREATE TABLE mail_server (
    id BIGINT PRIMARY KEY,
    failures BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    last_error TEXT NOT NULL
);
