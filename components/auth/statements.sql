-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/account.rs
INSERT INTO auth_users (id, email, password_hash, locale, created_at) VALUES (?1, ?2, ?3, ?4, ?5);
SELECT id, email, password_hash, verified_at, locale FROM auth_users WHERE email = ?1;
UPDATE auth_users SET verified_at = COALESCE(verified_at, ?3) WHERE id = ?1 AND email = ?2 RETURNING id, email, password_hash, verified_at, locale;
UPDATE auth_users SET password_hash = ?3, signed_out_at = ?4, signed_out_told_at = NULL WHERE id = ?1 AND password_hash = ?2 RETURNING id;
UPDATE auth_users SET password_hash = ?3, verified_at = COALESCE(verified_at, ?4), signed_out_at = ?4, signed_out_told_at = NULL WHERE id = ?1 AND email = ?2 RETURNING id, email, password_hash, verified_at, locale;
UPDATE auth_users SET locale = ?2 WHERE id = ?1;

-- src/ended.rs
SELECT id, expires_at FROM auth_sessions WHERE ended_at IS NOT NULL AND told_at IS NULL AND expires_at > ?1 ORDER BY ended_at LIMIT ?2;
SELECT id, signed_out_at FROM auth_users WHERE signed_out_at IS NOT NULL AND signed_out_told_at IS NULL ORDER BY signed_out_at LIMIT ?1;
UPDATE auth_sessions SET told_at = ?1 WHERE id IN (?2);
UPDATE auth_sessions SET told_at = ?1 WHERE id IN (?2, ?3);
UPDATE auth_users SET signed_out_told_at = ?3 WHERE id = ?1 AND signed_out_at = ?2;
UPDATE auth_sessions SET told_at = NULL WHERE told_at IS NOT NULL AND expires_at > ?1;
UPDATE auth_users SET signed_out_told_at = NULL WHERE signed_out_told_at IS NOT NULL;

-- src/letters.rs
SELECT u.email AS email, u.locale AS locale, u.verified_at AS verified_at, p.purpose AS purpose, p.email AS proof_email, p.expires_at AS proof_expires_at, p.used_at AS used_at, n.device AS device, n.client AS client, n.created_at AS noticed_at, n.expires_at AS notice_expires_at FROM auth_users AS u LEFT JOIN auth_proofs AS p ON p.id = ?2 AND p.account_id = u.id LEFT JOIN auth_notices AS n ON n.id = ?2 AND n.account_id = u.id WHERE u.id = ?1;

-- src/notice.rs
INSERT INTO auth_notices (id, account_id, device, client, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
WITH ended AS (SELECT id FROM auth_notices WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_notices WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/proof.rs
INSERT INTO auth_proofs (account_id, purpose, id, email, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (account_id, purpose) DO UPDATE SET id = excluded.id, email = excluded.email, created_at = excluded.created_at, expires_at = excluded.expires_at, used_at = NULL, tries = 0;
SELECT account_id, email, expires_at, used_at FROM auth_proofs WHERE id = ?1 AND purpose = ?2;
UPDATE auth_proofs SET used_at = ?3 WHERE id = ?1 AND purpose = ?2 AND used_at IS NULL AND expires_at > ?3 RETURNING account_id, email, expires_at, used_at;
UPDATE auth_proofs SET tries = tries + 1 WHERE account_id = ?1 AND purpose = ?2 AND used_at IS NULL AND expires_at > ?3 AND tries < ?4 RETURNING id, tries;
UPDATE auth_proofs SET used_at = ?3 WHERE account_id = ?1 AND purpose = ?2 AND used_at IS NULL;
WITH ended AS (SELECT id FROM auth_proofs WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_proofs WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/session.rs
INSERT INTO auth_sessions (id, account_id, device, client, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
SELECT id, device, client, created_at, expires_at FROM auth_sessions WHERE account_id = ?1 AND expires_at > ?2 AND ended_at IS NULL ORDER BY id DESC LIMIT ?3;
SELECT id FROM auth_sessions WHERE id = ?1 AND account_id = ?2;
UPDATE auth_sessions SET ended_at = ?3 WHERE id = ?1 AND account_id = ?2 AND ended_at IS NULL RETURNING id, expires_at;
UPDATE auth_sessions SET ended_at = ?3 WHERE account_id = ?1 AND id <> ?2 AND ended_at IS NULL AND expires_at > ?3 RETURNING id, expires_at;
UPDATE auth_users SET signed_out_at = ?2, signed_out_told_at = NULL WHERE id = ?1 RETURNING id;
WITH ended AS (SELECT id FROM auth_sessions WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_sessions WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/visitor.rs
SELECT u.email AS email, u.verified_at AS verified_at, u.signed_out_at AS signed_out_at, s.id AS session_id, s.ended_at AS ended_at FROM auth_users AS u LEFT JOIN auth_sessions AS s ON s.id = ?2 AND s.account_id = u.id WHERE u.id = ?1;
