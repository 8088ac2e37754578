CREATE TABLE tickets_tickets (
    id TEXT PRIMARY KEY,
    seller_id TEXT NOT NULL,
    title TEXT NOT NULL,
    price BIGINT NOT NULL CONSTRAINT tickets_price CHECK (price > 0),
    currency TEXT NOT NULL,
    quantity BIGINT NOT NULL CONSTRAINT tickets_quantity CHECK (quantity > 0),
    -- Replicas of what orders decides: how many are in someone's checkout, and how many are sold.
    held BIGINT NOT NULL DEFAULT 0,
    sold BIGINT NOT NULL DEFAULT 0,
    withdrawn BIGINT NOT NULL DEFAULT 0,
    venue TEXT,
    city TEXT,
    starts_at BIGINT,
    time_zone TEXT,
    description TEXT,
    -- Lower-cased words that a search looks through, and the city to compare with.
    words TEXT NOT NULL,
    city_key TEXT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX tickets_by_id ON tickets_tickets (id) WHERE withdrawn = 0;
CREATE INDEX tickets_by_price ON tickets_tickets (price, id) WHERE withdrawn = 0;
CREATE INDEX tickets_by_start ON tickets_tickets (starts_at, id) WHERE withdrawn = 0;
CREATE INDEX tickets_by_city ON tickets_tickets (city_key, id) WHERE withdrawn = 0;
-- The newest state of each order that this service has heard of.
CREATE TABLE tickets_orders (
    id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX tickets_orders_by_ticket ON tickets_orders (ticket_id);
