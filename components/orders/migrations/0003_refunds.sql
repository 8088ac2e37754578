-- Whose tickets were ordered: its seller may give the money back.
ALTER TABLE orders_orders ADD COLUMN seller_id TEXT;
UPDATE orders_orders SET seller_id = (
    SELECT seller_id FROM orders_listings WHERE orders_listings.ticket_id = orders_orders.ticket_id
);
-- When the buyer got the money back, and whether the tickets went back on sale. A refunded order keeps
-- the status 'complete' and its payment: it was a sale, and orders_status knows no other word.
ALTER TABLE orders_orders ADD COLUMN refunded_at BIGINT;
ALTER TABLE orders_orders ADD COLUMN restocked BIGINT NOT NULL DEFAULT 0;
