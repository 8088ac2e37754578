-- When the buyer asked for a letter before the hold ends.
ALTER TABLE orders_orders ADD COLUMN reminder_at BIGINT;
