-- What can be held: a replica of each listing, and the counts that are decided here alone.
CREATE TABLE orders_listings (
    ticket_id TEXT PRIMARY KEY,
    seller_id TEXT NOT NULL,
    title TEXT NOT NULL,
    price BIGINT NOT NULL,
    currency TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at BIGINT,
    time_zone TEXT,
    version BIGINT NOT NULL,
    held BIGINT NOT NULL DEFAULT 0 CONSTRAINT orders_held CHECK (held >= 0),
    sold BIGINT NOT NULL DEFAULT 0 CONSTRAINT orders_sold CHECK (sold >= 0),
    -- While its seller changes the listing, nothing is held.
    frozen_until BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT orders_no_oversell CHECK (held + sold <= quantity)
);
CREATE TABLE orders_orders (
    id TEXT PRIMARY KEY,
    buyer_id TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    quantity BIGINT NOT NULL CONSTRAINT orders_quantity CHECK (quantity > 0),
    -- The price at which the order was made; later edits of the listing do not touch it.
    price BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT orders_status
        CHECK (status IN ('created', 'awaiting:payment', 'complete', 'cancelled')),
    cancel_reason TEXT CONSTRAINT orders_cancel_reason
        CHECK (cancel_reason IN ('expired', 'buyer', 'declined')),
    payment_id TEXT,
    -- The event as it was when the order was made.
    title TEXT NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at BIGINT,
    time_zone TEXT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT orders_cancelled_with_reason CHECK ((status = 'cancelled') = (cancel_reason IS NOT NULL)),
    CONSTRAINT orders_complete_with_payment CHECK ((status = 'complete') = (payment_id IS NOT NULL))
);
CREATE INDEX orders_by_buyer ON orders_orders (buyer_id, id);
