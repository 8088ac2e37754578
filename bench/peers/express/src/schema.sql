CREATE TABLE IF NOT EXISTS users (
    id UUID PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS tickets (
    id UUID PRIMARY KEY,
    title TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price > 0),
    currency TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    sold BIGINT NOT NULL DEFAULT 0 CHECK (sold >= 0),
    seller_id UUID NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at BIGINT,
    time_zone TEXT,
    description TEXT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    words TEXT NOT NULL,
    CHECK (held + sold <= quantity)
);
CREATE INDEX IF NOT EXISTS tickets_by_price ON tickets (price, id);
CREATE TABLE IF NOT EXISTS orders (
    id UUID PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('created', 'awaiting:payment', 'complete', 'cancelled')),
    cancel_reason TEXT,
    quantity BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    ticket_id UUID NOT NULL REFERENCES tickets (id),
    title TEXT NOT NULL,
    price BIGINT NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at BIGINT,
    time_zone TEXT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    seller_id UUID NOT NULL,
    buyer_id UUID NOT NULL,
    payment_id UUID
);
CREATE INDEX IF NOT EXISTS orders_by_buyer ON orders (buyer_id, id);
CREATE INDEX IF NOT EXISTS orders_due ON orders (expires_at) WHERE status = 'created';
CREATE TABLE IF NOT EXISTS payments (
    id UUID PRIMARY KEY,
    order_id UUID NOT NULL UNIQUE REFERENCES orders (id),
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    intent_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
