CREATE TABLE {s}_outbox (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    published_at BIGINT
);
CREATE INDEX {s}_outbox_waiting ON {s}_outbox (created_at) WHERE published_at IS NULL;
CREATE INDEX {s}_outbox_published ON {s}_outbox (published_at) WHERE published_at IS NOT NULL;
CREATE TABLE {s}_idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX {s}_idempotency_age ON {s}_idempotency (created_at);
