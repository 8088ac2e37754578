-- Which version of a sale its events have told. A sale that an older program made or undid, and those
-- from before there were admissions, are told again by a tick: not every group had its stream then.
ALTER TABLE orders_orders ADD COLUMN told_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX orders_untold ON orders_orders (id) WHERE status = 'complete' AND told_version < version;
