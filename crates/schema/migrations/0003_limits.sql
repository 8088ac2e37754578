-- How often something was done under a key within a window that is still open. What is allowed stands
-- in the row too, so that one statement can count under several limits.
CREATE TABLE {s}_limits (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    used BIGINT NOT NULL,
    allowed BIGINT NOT NULL,
    window_ends_at BIGINT NOT NULL,
    PRIMARY KEY (name, key)
);
CREATE INDEX {s}_limits_by_end ON {s}_limits (window_ends_at);
