-- Charges that buyers dispute at their bank.
CREATE TABLE disputes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    intent  TEXT NOT NULL REFERENCES payment_intents (id),
    created INTEGER NOT NULL,
    body    TEXT NOT NULL CHECK (json_valid(body)),
    CHECK (body ->> 'amount' > 0)
) STRICT;
-- What is open or lost cannot be refunded, and nothing is disputed twice.
CREATE UNIQUE INDEX disputes_that_count ON disputes (intent) WHERE body ->> 'status' <> 'won';
