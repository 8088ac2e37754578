CREATE TABLE IF NOT EXISTS users (
    id BLOB PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tickets (
    id BLOB PRIMARY KEY,
    title TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price > 0),
    currency TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
    seller_id BLOB NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at INTEGER,
    time_zone TEXT,
    description TEXT,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    words TEXT NOT NULL,
    CHECK (held + sold <= quantity)
) STRICT;
CREATE INDEX IF NOT EXISTS tickets_by_price ON tickets (price, id);
CREATE TABLE IF NOT EXISTS orders (
    id BLOB PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('created', 'awaiting:payment', 'complete', 'cancelled')),
    cancel_reason TEXT,
    quantity INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    ticket_id BLOB NOT NULL REFERENCES tickets (id),
    title TEXT NOT NULL,
    price INTEGER NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at INTEGER,
    time_zone TEXT,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    seller_id BLOB NOT NULL,
    buyer_id BLOB NOT NULL,
    payment_id BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS orders_by_buyer ON orders (buyer_id, id);
CREATE INDEX IF NOT EXISTS orders_due ON orders (expires_at) WHERE status = 'created';
CREATE TABLE IF NOT EXISTS payments (
    id BLOB PRIMARY KEY,
    order_id BLOB NOT NULL UNIQUE REFERENCES orders (id),
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    intent_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
