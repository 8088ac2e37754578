-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/bounces.rs
SELECT recipient, address_hash FROM mail_letters WHERE id = ?1;

-- src/letter.rs
INSERT INTO mail_letters (id, key, kind, subject, recipient, version, status, attempts, next_at, expires_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING;
INSERT INTO mail_letters (id, key, kind, subject, recipient, version, status, attempts, next_at, expires_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11), (?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22) ON CONFLICT DO NOTHING;
INSERT INTO mail_letters (id, key, kind, subject, recipient, version, status, attempts, next_at, expires_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (key) DO NOTHING RETURNING key;
INSERT INTO mail_letters (id, key, kind, subject, recipient, version, status, attempts, next_at, expires_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11), (?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22) ON CONFLICT (key) DO NOTHING RETURNING key;
SELECT id FROM mail_letters WHERE status = 'waiting' AND next_at <= ?1 LIMIT 1;
WITH due AS (SELECT id FROM mail_letters WHERE status = 'waiting' AND next_at <= ?1 ORDER BY next_at LIMIT ?3 FOR UPDATE SKIP LOCKED) UPDATE mail_letters SET attempts = attempts + 1, next_at = ?2 WHERE id IN (SELECT id FROM due) RETURNING id, kind, subject, recipient, version, attempts, expires_at, reached, created_at;
UPDATE mail_letters SET status = 'sent', server_answer = ?2, sent_at = ?3, recipient = COALESCE(recipient, ?4), address_hash = ?5 WHERE id = ?1 AND status = 'waiting';
UPDATE mail_letters SET status = ?2, last_error = COALESCE(?3, last_error), server_answer = ?4, sent_at = ?5 WHERE id = ?1 AND status = 'waiting';
UPDATE mail_letters SET next_at = ?3, last_error = ?4 WHERE id = ?1 AND attempts = ?2 AND status = 'waiting';
UPDATE mail_letters SET attempts = attempts - 1, next_at = ?3, last_error = COALESCE(?4, last_error) WHERE id = ?1 AND attempts = ?2 AND status = 'waiting';
UPDATE mail_letters SET reached = ?2 WHERE id = ?1 AND status = 'waiting';
SELECT COUNT(*) AS count, MIN(created_at) AS since FROM mail_letters WHERE status = 'waiting';

-- src/person.rs
SELECT id, kind, subject, status, attempts, created_at, sent_at FROM mail_letters WHERE recipient = ?1 AND id > ?2 ORDER BY id LIMIT ?3;
UPDATE mail_letters SET status = CASE WHEN status = 'waiting' THEN 'dropped' ELSE status END, recipient = NULL, last_error = NULL, server_answer = NULL, address_hash = NULL WHERE recipient = ?1 AND (status <> 'waiting' OR kind <> ?2);

-- src/refused.rs
INSERT INTO mail_refusals (account_id, category, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING;
DELETE FROM mail_refusals WHERE account_id = ?1 AND category = ?2;
SELECT category FROM mail_refusals WHERE account_id = ?1;
SELECT category AS id, created_at FROM mail_refusals WHERE account_id = ?1 AND category > ?2 ORDER BY category LIMIT ?3;
DELETE FROM mail_refusals WHERE account_id = ?1;

-- src/server.rs
SELECT failures, not_before, last_error FROM mail_server WHERE id = 1;
UPDATE mail_server SET not_before = ?2 WHERE id = 1 AND not_before <= ?1 RETURNING failures;
INSERT INTO mail_server (id, failures, not_before, last_error) VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET failures = excluded.failures, not_before = excluded.not_before, last_error = excluded.last_error WHERE excluded.failures > mail_server.failures;
DELETE FROM mail_server WHERE id = 1;

-- src/suppressed.rs
INSERT INTO mail_suppressed (address_hash, trouble, reason, letter_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING;
SELECT trouble FROM mail_suppressed WHERE address_hash IN (?1) LIMIT 1;
SELECT trouble FROM mail_suppressed WHERE address_hash IN (?1, ?2) LIMIT 1;
SELECT 'refused' AS why FROM mail_refusals WHERE account_id = ?1 AND category = ?2 LIMIT 1;
SELECT 'refused' AS why FROM mail_refusals WHERE account_id = ?1 AND category = ?2 UNION ALL SELECT trouble AS why FROM mail_suppressed WHERE address_hash IN (?3) LIMIT 1;
SELECT 'refused' AS why FROM mail_refusals WHERE account_id = ?1 AND category = ?2 UNION ALL SELECT trouble AS why FROM mail_suppressed WHERE address_hash IN (?3, ?4) LIMIT 1;
DELETE FROM mail_suppressed WHERE letter_id IN (SELECT id FROM mail_letters WHERE recipient = ?1);
