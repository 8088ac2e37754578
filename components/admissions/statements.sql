-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/admission.rs
INSERT INTO admissions_admissions (id, order_id, number, total, ticket_id, holder_id, status, generation, created_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
INSERT INTO admissions_admissions (id, order_id, number, total, ticket_id, holder_id, status, generation, created_at, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10), (?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20);
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE id = ?1;

-- src/door.rs
SELECT status, COUNT(*) AS number FROM admissions_admissions WHERE ticket_id = ?1 GROUP BY status;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE ticket_id = ?1  ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE ticket_id = ?1 AND id > ?3 ORDER BY id LIMIT ?2;

-- src/issue.rs
INSERT INTO admissions_orders (id, version) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET version = excluded.version WHERE excluded.version > admissions_orders.version RETURNING id;

-- src/list.rs
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 AND id > ?3 ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 AND status <> 'void' AND NOT EXISTS (SELECT 1 FROM admissions_listings AS event WHERE event.ticket_id = admissions_admissions.ticket_id AND event.starts_at < ?3) ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 AND status <> 'void' AND NOT EXISTS (SELECT 1 FROM admissions_listings AS event WHERE event.ticket_id = admissions_admissions.ticket_id AND event.starts_at < ?3) AND id > ?4 ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 AND order_id = ?3 ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 AND order_id = ?3 AND id > ?4 ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 AND order_id = ?3 AND status <> 'void' AND NOT EXISTS (SELECT 1 FROM admissions_listings AS event WHERE event.ticket_id = admissions_admissions.ticket_id AND event.starts_at < ?4) ORDER BY id LIMIT ?2;
SELECT id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version FROM admissions_admissions WHERE holder_id = ?1 AND order_id = ?3 AND status <> 'void' AND NOT EXISTS (SELECT 1 FROM admissions_listings AS event WHERE event.ticket_id = admissions_admissions.ticket_id AND event.starts_at < ?4) AND id > ?5 ORDER BY id LIMIT ?2;

-- src/listing.rs
SELECT ticket_id, seller_id, title, venue, city, starts_at, time_zone FROM admissions_listings WHERE ticket_id = ?1;
INSERT INTO admissions_listings (ticket_id, seller_id, title, venue, city, starts_at, time_zone, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, venue = excluded.venue, city = excluded.city, starts_at = excluded.starts_at, time_zone = excluded.time_zone, version = excluded.version WHERE excluded.version > admissions_listings.version RETURNING ticket_id;
INSERT INTO admissions_listings (ticket_id, seller_id, title, venue, city, starts_at, time_zone, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8), (?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, venue = excluded.venue, city = excluded.city, starts_at = excluded.starts_at, time_zone = excluded.time_zone, version = excluded.version WHERE excluded.version > admissions_listings.version RETURNING ticket_id;

-- src/scan.rs
INSERT INTO admissions_scans (id, ticket_id, admission_id, door, at, verdict, heard_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING;
SELECT id, ticket_id, admission_id, door, at, verdict, heard_at FROM admissions_scans WHERE id IN (?1);

-- src/staff.rs
INSERT INTO admissions_staff (id, ticket_id, name, expires_at) VALUES (?1, ?2, ?3, ?4);
SELECT id, ticket_id, name, expires_at FROM admissions_staff WHERE ticket_id = ?1 AND expires_at > ?2 ORDER BY id;
SELECT id, ticket_id, name, expires_at FROM admissions_staff WHERE id = ?2 AND ticket_id = ?1 AND expires_at > ?3;
DELETE FROM admissions_staff WHERE ticket_id = ?1 AND id = ?2;

-- src/transition.rs
UPDATE admissions_admissions SET transfer_id = ?3, transfer_email = ?4, transfer_until = ?5, version = version + 1 WHERE id = ?1 AND holder_id = ?2 AND status = 'valid' RETURNING id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version;
UPDATE admissions_admissions SET transfer_email = NULL, transfer_until = NULL, transfer_id = NULL, version = version + 1 WHERE id = ?1 AND holder_id = ?2 AND transfer_id IS NOT NULL RETURNING id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version;
UPDATE admissions_admissions SET holder_id = ?3, generation = generation + 1, transfer_email = NULL, transfer_until = NULL, transfer_id = NULL, version = version + 1 WHERE id = ?1 AND transfer_id = ?2 AND transfer_until > ?4 AND status = 'valid' RETURNING id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version;
UPDATE admissions_admissions SET status = 'used', used_scan = ?3, used_at = ?4, used_door = ?5, transfer_email = NULL, transfer_until = NULL, transfer_id = NULL, version = version + 1 WHERE id = ?1 AND ticket_id = ?2 AND status = 'valid'  RETURNING id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version;
UPDATE admissions_admissions SET status = 'used', used_scan = ?3, used_at = ?4, used_door = ?5, transfer_email = NULL, transfer_until = NULL, transfer_id = NULL, version = version + 1 WHERE id = ?1 AND ticket_id = ?2 AND status = 'valid' AND generation = ?6 RETURNING id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version;
UPDATE admissions_admissions SET status = 'valid', used_scan = NULL, used_at = NULL, used_door = NULL, version = version + 1 WHERE id IN (SELECT admission_id FROM admissions_scans WHERE id = ?2) AND ticket_id = ?1 AND used_scan = ?2 AND status = 'used' RETURNING id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version;
UPDATE admissions_admissions SET status = 'void', transfer_email = NULL, transfer_until = NULL, transfer_id = NULL, version = version + 1 WHERE order_id = ?1 AND status <> 'void' RETURNING id, order_id, number, total, ticket_id, holder_id, status, generation, transfer_email, transfer_until, transfer_id, used_scan, used_at, used_door, created_at, version;
