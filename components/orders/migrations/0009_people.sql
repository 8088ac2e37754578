-- What is asked before an account is deleted: what its listings have sold for events to come.
CREATE INDEX IF NOT EXISTS orders_listings_by_seller ON orders_listings (seller_id);
CREATE INDEX IF NOT EXISTS orders_standing_sales ON orders_orders (ticket_id)
    WHERE status = 'complete' AND refunded_at IS NULL;
