-- The event's listing, where a fan sells on a ticket that was bought of it.
ALTER TABLE orders_listings ADD COLUMN resale_of TEXT;
ALTER TABLE orders_orders ADD COLUMN resale_of TEXT;
