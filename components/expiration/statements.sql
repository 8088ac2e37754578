-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/timer.rs
INSERT INTO expiration_timers (order_id, expires_at, version, running) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (order_id) DO UPDATE SET expires_at = excluded.expires_at, version = excluded.version, running = excluded.running, fired_at = NULL WHERE excluded.version > expiration_timers.version RETURNING order_id;
INSERT INTO expiration_timers (order_id, expires_at, version, running) VALUES (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8) ON CONFLICT (order_id) DO UPDATE SET expires_at = excluded.expires_at, version = excluded.version, running = excluded.running, fired_at = NULL WHERE excluded.version > expiration_timers.version RETURNING order_id;
WITH due AS (SELECT order_id FROM expiration_timers WHERE running = 1 AND expires_at <= ?1 AND (fired_at IS NULL OR fired_at <= ?2) ORDER BY expires_at LIMIT ?3 FOR UPDATE SKIP LOCKED) UPDATE expiration_timers SET fired_at = ?1 WHERE order_id IN (SELECT order_id FROM due) RETURNING order_id, expires_at;
DELETE FROM expiration_timers WHERE running = 0 AND expires_at < ?1;
