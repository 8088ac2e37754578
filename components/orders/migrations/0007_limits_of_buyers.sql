-- How many tickets one buyer may have.
ALTER TABLE orders_listings ADD COLUMN max_per_buyer BIGINT NOT NULL DEFAULT 10;
-- What a buyer has of a listing, and which holds are open: cancelled orders count for neither.
CREATE INDEX orders_taken ON orders_orders (buyer_id, ticket_id) WHERE status <> 'cancelled';
-- Grows with each hold of a buyer. Two holds at once that were both allowed by what there was before
-- cannot both be committed.
CREATE TABLE orders_buyers (
    buyer_id TEXT PRIMARY KEY,
    holds BIGINT NOT NULL
);
