-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/list.rs
SELECT id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked FROM orders_orders WHERE buyer_id = ?1  ORDER BY id DESC LIMIT ?2;
SELECT id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked FROM orders_orders WHERE buyer_id = ?1 AND id < ?3 ORDER BY id DESC LIMIT ?2;

-- src/listing.rs
SELECT ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, city, starts_at, time_zone, held, sold, frozen_until, version FROM orders_listings WHERE ticket_id = ?1;
UPDATE orders_listings SET held = held + ?2 WHERE ticket_id = ?1 AND version = ?3 AND frozen_until = 0 AND held + sold + ?2 <= quantity;
UPDATE orders_listings SET held = held - ?2 WHERE ticket_id = ?1;
UPDATE orders_listings SET held = held - ?2, sold = sold + ?2 WHERE ticket_id = ?1;
UPDATE orders_listings SET sold = sold - ?2 WHERE ticket_id = ?1;
INSERT INTO orders_listings (ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, city, starts_at, time_zone, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, price = excluded.price, currency = excluded.currency, quantity = excluded.quantity, withdrawn = excluded.withdrawn, venue = excluded.venue, city = excluded.city, starts_at = excluded.starts_at, time_zone = excluded.time_zone, version = excluded.version, frozen_until = 0 WHERE excluded.version > orders_listings.version RETURNING ticket_id;
INSERT INTO orders_listings (ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, city, starts_at, time_zone, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12), (?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24) ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, price = excluded.price, currency = excluded.currency, quantity = excluded.quantity, withdrawn = excluded.withdrawn, venue = excluded.venue, city = excluded.city, starts_at = excluded.starts_at, time_zone = excluded.time_zone, version = excluded.version, frozen_until = 0 WHERE excluded.version > orders_listings.version RETURNING ticket_id;
UPDATE orders_listings SET frozen_until = ?3 WHERE ticket_id = ?1 AND seller_id = ?2 AND held = 0 RETURNING sold;
UPDATE orders_listings SET frozen_until = 0 WHERE ticket_id = ?1 AND frozen_until <= ?2;

-- src/order.rs
INSERT INTO orders_orders (id, buyer_id, ticket_id, quantity, price, amount, currency, status, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17);
SELECT id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked FROM orders_orders WHERE id = ?1;

-- src/transition.rs
UPDATE orders_orders SET status = 'cancelled', cancel_reason = ?2, version = version + 1 WHERE id = ?1 AND status IN ('created', 'awaiting:payment') AND buyer_id = ?3 RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;
UPDATE orders_orders SET status = 'cancelled', cancel_reason = ?2, version = version + 1 WHERE id = ?1 AND status IN ('created', 'awaiting:payment') AND expires_at <= ?3 RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;
UPDATE orders_orders SET status = 'cancelled', cancel_reason = ?2, version = version + 1 WHERE id = ?1 AND status IN ('created', 'awaiting:payment') AND amount = ?3 RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;
UPDATE orders_orders SET status = 'awaiting:payment', version = version + 1 WHERE id = ?1 AND buyer_id = ?2 AND status IN ('created', 'awaiting:payment') AND expires_at > ?3 RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;
UPDATE orders_orders SET expires_at = ?4, extended_at = ?3, version = version + 1 WHERE id = ?1 AND buyer_id = ?2 AND status = 'awaiting:payment' AND extended_at IS NULL AND expires_at > ?3 AND expires_at < ?4 RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;
UPDATE orders_orders SET status = 'complete', payment_id = ?2, version = version + 1, told_version = version + 1 WHERE id = ?1 AND status IN ('created', 'awaiting:payment') AND amount = ?3 AND currency = ?4 RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;
UPDATE orders_orders SET refunded_at = ?3, restocked = ?4, version = version + 1, told_version = version + 1 WHERE id = ?1 AND status = 'complete' AND payment_id = ?2 AND refunded_at IS NULL RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;

-- src/untold.rs
SELECT id FROM orders_orders WHERE status = 'complete' AND told_version < version LIMIT 1;
WITH untold AS (SELECT id FROM orders_orders WHERE status = 'complete' AND told_version < version ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED) UPDATE orders_orders SET told_version = version WHERE id IN (SELECT id FROM untold) RETURNING id, buyer_id, ticket_id, quantity, price, amount, currency, status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, created_at, version, seller_id, refunded_at, restocked;
