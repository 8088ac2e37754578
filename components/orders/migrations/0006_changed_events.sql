-- When the listing's seller last changed its title, its place or its time, as far as was heard of it here:
-- what was ordered before is another event now.
ALTER TABLE orders_listings ADD COLUMN changed_at BIGINT;
