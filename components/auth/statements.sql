-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/account.rs
INSERT INTO auth_users (id, email, password_hash, created_at) VALUES (?1, ?2, ?3, ?4);
SELECT id, email, password_hash FROM auth_users WHERE email = ?1;

-- src/ended.rs
SELECT id, expires_at FROM auth_sessions WHERE ended_at IS NOT NULL AND told_at IS NULL AND expires_at > ?1 ORDER BY ended_at LIMIT ?2;
SELECT id, signed_out_at FROM auth_users WHERE signed_out_at IS NOT NULL AND signed_out_told_at IS NULL ORDER BY signed_out_at LIMIT ?1;
UPDATE auth_sessions SET told_at = ?1 WHERE id IN (?2);
UPDATE auth_sessions SET told_at = ?1 WHERE id IN (?2, ?3);
UPDATE auth_users SET signed_out_told_at = ?3 WHERE id = ?1 AND signed_out_at = ?2;
UPDATE auth_sessions SET told_at = NULL WHERE told_at IS NOT NULL AND expires_at > ?1;
UPDATE auth_users SET signed_out_told_at = NULL WHERE signed_out_told_at IS NOT NULL;

-- src/letters.rs
SELECT email FROM auth_users WHERE id = ?1;

-- src/session.rs
INSERT INTO auth_sessions (id, account_id, device, client, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
SELECT id, device, client, created_at, expires_at FROM auth_sessions WHERE account_id = ?1 AND expires_at > ?2 AND ended_at IS NULL ORDER BY id DESC LIMIT ?3;
SELECT id FROM auth_sessions WHERE id = ?1 AND account_id = ?2;
UPDATE auth_sessions SET ended_at = ?3 WHERE id = ?1 AND account_id = ?2 AND ended_at IS NULL RETURNING id, expires_at;
UPDATE auth_sessions SET ended_at = ?3 WHERE account_id = ?1 AND id <> ?2 AND ended_at IS NULL AND expires_at > ?3 RETURNING id, expires_at;
UPDATE auth_users SET signed_out_at = ?2, signed_out_told_at = NULL WHERE id = ?1 RETURNING id;
WITH ended AS (SELECT id FROM auth_sessions WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_sessions WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/visitor.rs
SELECT u.email AS email, u.signed_out_at AS signed_out_at, s.id AS session_id, s.ended_at AS ended_at FROM auth_users AS u LEFT JOIN auth_sessions AS s ON s.id = ?2 AND s.account_id = u.id WHERE u.id = ?1;
