-- Letters of a category that an account does without.
CREATE TABLE mail_refusals (
    account_id TEXT NOT NULL,
    category TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, category)
);
-- Where letters came back from, or readers complained. A keyed hash stands for the address.
CREATE TABLE mail_suppressed (
    address_hash TEXT PRIMARY KEY,
    trouble TEXT NOT NULL,
    -- What the other mail server said, without addresses.
    reason TEXT,
    -- The letter that it was about.
    letter_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- The same hash of where a letter went, so that one that comes back finds it.
ALTER TABLE mail_letters ADD COLUMN address_hash TEXT;
