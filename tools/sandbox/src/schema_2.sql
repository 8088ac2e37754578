-- What happened, for webhooks. `due` is when to send an event next; NULL: it was delivered, nobody
-- listened when it happened, or it was given up.
CREATE TABLE events (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    body    TEXT NOT NULL CHECK (json_valid(body)),
    tries   INTEGER NOT NULL DEFAULT 0,
    due     INTEGER
) STRICT;
-- Those of which a bank will say more.
CREATE INDEX intents_processing ON payment_intents (id) WHERE body ->> 'status' = 'processing';
CREATE INDEX events_due ON events (due) WHERE due IS NOT NULL;
