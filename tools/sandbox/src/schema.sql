-- Objects are kept as JSON beside what they are looked up by. The checks and triggers hold whatever
-- process writes: no more captured than authorized, no more refunded than captured, one charge an intent.

CREATE TABLE payment_intents (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    intent  TEXT NOT NULL CHECK (intent = id),
    created INTEGER NOT NULL,
    body    TEXT NOT NULL CHECK (json_valid(body)),
    CHECK (body ->> 'amount' > 0),
    CHECK (body ->> 'amount_capturable' BETWEEN 0 AND body ->> 'amount'),
    CHECK (body ->> 'amount_received' BETWEEN 0 AND body ->> 'amount')
) STRICT;

CREATE TABLE payment_methods (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    intent  TEXT,
    created INTEGER NOT NULL,
    body    TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE charges (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    intent  TEXT NOT NULL REFERENCES payment_intents (id),
    created INTEGER NOT NULL,
    body    TEXT NOT NULL CHECK (json_valid(body)),
    CHECK (body ->> 'amount_captured' BETWEEN 0 AND body ->> 'amount'),
    CHECK (body ->> 'amount_refunded' BETWEEN 0 AND body ->> 'amount_captured')
) STRICT;
CREATE INDEX charges_by_intent ON charges (intent, seq);

CREATE TABLE refunds (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    intent  TEXT NOT NULL REFERENCES payment_intents (id),
    created INTEGER NOT NULL,
    body    TEXT NOT NULL CHECK (json_valid(body)),
    CHECK (body ->> 'amount' > 0)
) STRICT;
CREATE INDEX refunds_by_intent ON refunds (intent, seq);

CREATE TABLE movements (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    intent   TEXT NOT NULL REFERENCES payment_intents (id),
    kind     TEXT NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
    amount   INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    created  INTEGER NOT NULL
) STRICT;
CREATE INDEX movements_by_intent ON movements (intent, seq);
CREATE UNIQUE INDEX one_authorization ON movements (intent) WHERE kind = 'authorize';
CREATE UNIQUE INDEX one_capture ON movements (intent) WHERE kind = 'capture';

CREATE TRIGGER movements_balance BEFORE INSERT ON movements BEGIN
    SELECT RAISE(ABORT, 'more captured or voided than authorized') WHERE NEW.kind IN ('capture', 'void')
        AND NEW.amount > (
            SELECT coalesce(sum(CASE kind WHEN 'authorize' THEN amount WHEN 'refund' THEN 0 ELSE -amount END), 0)
            FROM movements WHERE intent = NEW.intent);
    SELECT RAISE(ABORT, 'more refunded than captured') WHERE NEW.kind = 'refund'
        AND NEW.amount > (
            SELECT coalesce(sum(CASE kind WHEN 'capture' THEN amount WHEN 'refund' THEN -amount ELSE 0 END), 0)
            FROM movements WHERE intent = NEW.intent);
END;
CREATE TRIGGER movements_stay BEFORE UPDATE ON movements BEGIN
    SELECT RAISE(ABORT, 'movements are append-only');
END;
CREATE TRIGGER movements_last BEFORE DELETE ON movements BEGIN
    SELECT RAISE(ABORT, 'movements are append-only');
END;

CREATE TABLE idempotency (
    key     TEXT PRIMARY KEY,
    path    TEXT NOT NULL,
    params  TEXT NOT NULL,
    request TEXT NOT NULL,
    status  INTEGER NOT NULL,
    body    TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created);
