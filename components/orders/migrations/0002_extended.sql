-- When the hold got its one extension: its buyer's bank had questions.
ALTER TABLE orders_orders ADD COLUMN extended_at BIGINT;
