-- Who ordered: buyers see a listing after it is withdrawn. Orders from before have nobody here until they
-- change.
ALTER TABLE tickets_orders ADD COLUMN buyer_id TEXT;
