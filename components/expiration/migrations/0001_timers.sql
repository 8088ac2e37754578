CREATE TABLE expiration_timers (
    order_id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    -- The order's version that this was learnt from; the newer one wins.
    version BIGINT NOT NULL,
    -- Whether the order still holds its tickets.
    running BIGINT NOT NULL,
    fired_at BIGINT
);
CREATE INDEX expiration_due ON expiration_timers (expires_at) WHERE running = 1 AND fired_at IS NULL;
CREATE INDEX expiration_over ON expiration_timers (expires_at) WHERE running = 0;
