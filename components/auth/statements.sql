-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/account.rs
INSERT INTO auth_users (id, email, password_hash, locale, created_at) VALUES (?1, ?2, ?3, ?4, ?5);
UPDATE auth_users SET verified_at = ?3, password_hash = '', signed_out_at = ?3, signed_out_told_at = NULL WHERE id = ?1 AND email = ?2 AND verified_at IS NULL RETURNING id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at;
UPDATE auth_users SET email = id, password_hash = '', signed_out_at = ?3, signed_out_told_at = NULL WHERE email = ?1 AND id <> ?2 AND verified_at IS NULL RETURNING id;
UPDATE auth_users SET email = ?3, verified_at = ?4 WHERE id = ?1 AND email = ?2 RETURNING id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at;
UPDATE auth_users SET email = ?2, verified_at = ?3, password_hash = '', signed_out_at = ?3, signed_out_told_at = NULL WHERE id = ?1 RETURNING id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at;
SELECT id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at FROM auth_users WHERE email = ?1;
SELECT id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at FROM auth_users WHERE id = ?1;
SELECT id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at FROM auth_users WHERE email = ?1 AND password_hash = '' AND verified_at IS NULL AND created_at > ?2;
UPDATE auth_users SET verified_at = COALESCE(verified_at, ?3) WHERE id = ?1 AND email = ?2 RETURNING id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at;
UPDATE auth_users SET password_hash = ?3, signed_out_at = ?4, signed_out_told_at = NULL WHERE id = ?1 AND password_hash = ?2 RETURNING id;
UPDATE auth_users SET password_hash = ?3, verified_at = COALESCE(verified_at, ?4), signed_out_at = ?4, signed_out_told_at = NULL WHERE id = ?1 AND email = ?2 RETURNING id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at;
UPDATE auth_users SET locale = ?2 WHERE id = ?1;
SELECT id, email, password_hash, verified_at, locale, roles, suspended_at, signed_out_at FROM auth_users WHERE id = ?1 FOR UPDATE;

-- src/address_change.rs
INSERT INTO auth_address_changes (id, account_id, old_email, device, client, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
UPDATE auth_address_changes SET ended_at = ?3 WHERE account_id = ?1 AND created_at >= ?2 AND ended_at IS NULL RETURNING id;
SELECT account_id, old_email, created_at, expires_at, ended_at FROM auth_address_changes WHERE id = ?1;
WITH ended AS (SELECT id FROM auth_address_changes WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_address_changes WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/challenge.rs
INSERT INTO auth_challenges (challenge, purpose, account_id, expires_at) VALUES (?1, ?2, ?3, ?4);
DELETE FROM auth_challenges WHERE challenge = ?1 AND purpose = ?2 AND expires_at > ?3 RETURNING account_id;
WITH ended AS (SELECT challenge FROM auth_challenges WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_challenges WHERE challenge IN (SELECT challenge FROM ended) RETURNING challenge;

-- src/deletion.rs
DELETE FROM auth_users WHERE id = ?1 AND password_hash = ?2 RETURNING email, locale;
DELETE FROM auth_users WHERE id = ?1 RETURNING email, locale;
SELECT account_id FROM auth_erasures ORDER BY asked_at LIMIT ?1;
DELETE FROM auth_erasures WHERE account_id = ?1;

-- src/ended.rs
SELECT id, expires_at FROM auth_sessions WHERE ended_at IS NOT NULL AND told_at IS NULL AND expires_at > ?1 ORDER BY ended_at LIMIT ?2;
SELECT id, signed_out_at FROM auth_users WHERE signed_out_at IS NOT NULL AND signed_out_told_at IS NULL ORDER BY signed_out_at LIMIT ?1;
UPDATE auth_sessions SET told_at = ?1 WHERE id IN (?2);
UPDATE auth_sessions SET told_at = ?1 WHERE id IN (?2, ?3);
UPDATE auth_users SET signed_out_told_at = ?3 WHERE id = ?1 AND signed_out_at = ?2;
UPDATE auth_sessions SET told_at = NULL WHERE told_at IS NOT NULL AND expires_at > ?1;
UPDATE auth_users SET signed_out_told_at = NULL WHERE signed_out_told_at IS NOT NULL;

-- src/export.rs
INSERT INTO auth_exports (id, account_id, status, stage, reached, parts, tries, next_at, created_at, expires_at) VALUES (?1, ?2, ?3, 0, NULL, 0, 0, ?4, ?4, ?5);
SELECT id, status, created_at, expires_at FROM auth_exports WHERE account_id = ?1 AND expires_at > ?2 ORDER BY id DESC LIMIT 1;
SELECT id, status, created_at, expires_at FROM auth_exports WHERE id = ?1 AND account_id = ?2 AND expires_at > ?3;
SELECT body FROM auth_export_parts WHERE export_id = ?1 ORDER BY number;
SELECT id FROM auth_exports WHERE status = 'making' AND next_at <= ?1 LIMIT 1;
WITH due AS (SELECT id FROM auth_exports WHERE status = 'making' AND next_at <= ?1 ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE auth_exports SET tries = tries + 1, next_at = ?2 WHERE id IN (SELECT id FROM due) RETURNING id, account_id, stage, reached, parts, tries;
UPDATE auth_exports SET status = ?3, stage = ?4, reached = ?5, parts = ?2, tries = 1, next_at = ?6, expires_at = ?7 WHERE id = ?1 AND status = 'making' AND parts + 1 = ?2 RETURNING id;
INSERT INTO auth_export_parts (export_id, number, body) VALUES (?1, ?2, ?3);
UPDATE auth_exports SET tries = 0, next_at = ?3 WHERE id = ?1 AND parts = ?2 AND status = 'making';
UPDATE auth_exports SET next_at = ?3 WHERE id = ?1 AND parts = ?2 AND status = 'making';
UPDATE auth_exports SET status = 'failed', expires_at = ?3 WHERE id = ?1 AND parts = ?2 AND status = 'making' RETURNING id;
SELECT id FROM auth_exports WHERE expires_at <= ?1 LIMIT 1;
WITH ended AS (SELECT id FROM auth_exports WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_exports WHERE id IN (SELECT id FROM ended) RETURNING id;
DELETE FROM auth_export_parts WHERE export_id = ?1;

-- src/factors.rs
SELECT password_hash FROM auth_users WHERE id = ?1;

-- src/farewell.rs
INSERT INTO auth_farewells (id, account_id, email, locale, expires_at) VALUES (?1, ?2, ?3, ?4, ?5);
SELECT email, locale FROM auth_farewells WHERE id = ?1 AND account_id = ?2 AND expires_at > ?3;
SELECT u.email AS email, u.locale AS locale FROM auth_exports AS e JOIN auth_users AS u ON u.id = e.account_id WHERE e.id = ?1 AND e.account_id = ?2 AND e.status = 'ready' AND e.expires_at > ?3;
WITH ended AS (SELECT id FROM auth_farewells WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_farewells WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/gate.rs
SELECT (SELECT COUNT(*) FROM auth_passkeys WHERE account_id = ?1) AS passkeys, (SELECT confirmed_at FROM auth_totp WHERE account_id = ?1) AS totp_since, (SELECT COUNT(*) FROM auth_recovery_codes WHERE account_id = ?1 AND used_at IS NULL) AS recovery_codes;

-- src/letters.rs
SELECT u.email AS email, u.locale AS locale, u.verified_at AS verified_at, CAST(CASE WHEN u.password_hash = '' THEN 0 ELSE 1 END AS BIGINT) AS has_password, p.purpose AS purpose, p.email AS proof_email, p.expires_at AS proof_expires_at, p.used_at AS used_at, p.next AS next, COALESCE(n.device, c.device) AS device, COALESCE(n.client, c.client) AS client, COALESCE(n.created_at, c.created_at) AS noticed_at, COALESCE(n.expires_at, c.expires_at) AS notice_expires_at, c.old_email AS old_email FROM auth_users AS u LEFT JOIN auth_proofs AS p ON p.id = ?2 AND p.account_id = u.id LEFT JOIN auth_notices AS n ON n.id = ?2 AND n.account_id = u.id LEFT JOIN auth_address_changes AS c ON c.id = ?2 AND c.account_id = u.id AND c.ended_at IS NULL WHERE u.id = ?1;

-- src/notice.rs
INSERT INTO auth_notices (id, account_id, device, client, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
WITH ended AS (SELECT id FROM auth_notices WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_notices WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/oidc/enter.rs
INSERT INTO auth_users (id, email, password_hash, locale, verified_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- src/oidc/identity.rs
INSERT INTO auth_identities (id, issuer, subject, account_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5);
SELECT account_id FROM auth_identities WHERE issuer = ?1 AND subject = ?2;
SELECT id, issuer, created_at FROM auth_identities WHERE account_id = ?1 ORDER BY id;
DELETE FROM auth_identities WHERE id = ?1 AND account_id = ?2;
DELETE FROM auth_identities WHERE account_id = ?1;

-- src/operations.rs
INSERT INTO auth_operations (id, account_id, deed, role, reason, operator, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
SELECT id, roles FROM auth_users WHERE email = ?1 OR id = ?1;
UPDATE auth_users SET roles = ?3 WHERE id = ?1 AND roles = ?2 RETURNING id;
UPDATE auth_users SET suspended_at = ?3, suspended_reason = ?2, standing_version = standing_version + 1 WHERE id = ?1 AND suspended_at IS NULL RETURNING standing_version;
UPDATE auth_users SET suspended_at = NULL, suspended_reason = NULL, standing_version = standing_version + 1 WHERE id = ?1 AND suspended_at IS NOT NULL RETURNING standing_version;

-- src/passkeys.rs
INSERT INTO auth_passkeys (id, account_id, credential_id, public_key, sign_count, name, transports, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
SELECT id, credential_id, name, transports, created_at, used_at FROM auth_passkeys WHERE account_id = ?1 ORDER BY id;
SELECT id, account_id, public_key, sign_count FROM auth_passkeys WHERE credential_id = ?1;
UPDATE auth_passkeys SET sign_count = ?3, used_at = ?4 WHERE id = ?1 AND sign_count = ?2 RETURNING account_id;
UPDATE auth_passkeys SET name = ?3 WHERE id = ?1 AND account_id = ?2 RETURNING id, credential_id, name, transports, created_at, used_at;
DELETE FROM auth_passkeys WHERE id = ?1 AND account_id = ?2 RETURNING account_id;
DELETE FROM auth_passkeys WHERE account_id = ?1;

-- src/person.rs
DELETE FROM auth_proofs WHERE account_id = ?1 OR email = ?2;
DELETE FROM auth_notices WHERE account_id = ?1;
DELETE FROM auth_identities WHERE account_id = ?1;
DELETE FROM auth_address_changes WHERE account_id = ?1;
UPDATE auth_operations SET reason = NULL WHERE account_id = ?1 AND reason IS NOT NULL;
DELETE FROM auth_failures WHERE email = ?1;
DELETE FROM auth_limits WHERE key = ?1;
DELETE FROM auth_idempotency WHERE scope = ?1 OR (scope = 'anyone' AND body LIKE ?2);
DELETE FROM auth_export_parts WHERE export_id IN (SELECT id FROM auth_exports WHERE account_id = ?1);
DELETE FROM auth_exports WHERE account_id = ?1;
DELETE FROM auth_passkeys WHERE account_id = ?1;
DELETE FROM auth_totp WHERE account_id = ?1;
DELETE FROM auth_recovery_codes WHERE account_id = ?1;
DELETE FROM auth_challenges WHERE account_id = ?1;
UPDATE auth_sessions SET device = '', client = NULL WHERE account_id = ?1 AND (device <> '' OR client IS NOT NULL);
SELECT id, email, verified_at, locale, signed_out_at, roles, suspended_at, created_at FROM auth_users WHERE id = ?1 AND id > ?2 LIMIT ?3;
SELECT id, device, client, created_at, seen_at, expires_at, ended_at FROM auth_sessions WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;
SELECT id, device, client, created_at, expires_at FROM auth_notices WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;
SELECT id, old_email, device, client, created_at, expires_at FROM auth_address_changes WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;
SELECT id, status, created_at, expires_at FROM auth_exports WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;
SELECT id, name, transports, created_at, used_at FROM auth_passkeys WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;
SELECT account_id AS id, created_at, confirmed_at FROM auth_totp WHERE account_id = ?1 AND account_id > ?2 LIMIT ?3;
SELECT id, issuer, subject, created_at FROM auth_identities WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3;

-- src/proof.rs
INSERT INTO auth_proofs (account_id, purpose, id, email, created_at, expires_at, next) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (account_id, purpose) DO UPDATE SET id = excluded.id, email = excluded.email, created_at = excluded.created_at, expires_at = excluded.expires_at, used_at = NULL, tries = 0, next = excluded.next;
SELECT account_id, email, expires_at, used_at FROM auth_proofs WHERE id = ?1 AND purpose = ?2;
SELECT id, email, used_at FROM auth_proofs WHERE account_id = ?1 AND purpose = ?2;
UPDATE auth_proofs SET used_at = ?3 WHERE id = ?1 AND purpose = ?2 AND used_at IS NULL AND expires_at > ?3 RETURNING account_id, email, expires_at, used_at;
UPDATE auth_proofs SET tries = tries + 1 WHERE account_id = ?1 AND purpose = ?2 AND used_at IS NULL AND expires_at > ?3 AND tries < ?4 RETURNING id, tries;
UPDATE auth_proofs SET used_at = ?2 WHERE account_id = ?1 AND used_at IS NULL;
UPDATE auth_proofs SET used_at = ?3 WHERE account_id = ?1 AND purpose <> ?2 AND used_at IS NULL;
WITH ended AS (SELECT id FROM auth_proofs WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_proofs WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/recovery.rs
INSERT INTO auth_recovery_codes (account_id, digest, created_at) VALUES (?1, ?2, ?3), (?4, ?5, ?6), (?7, ?8, ?9), (?10, ?11, ?12), (?13, ?14, ?15), (?16, ?17, ?18), (?19, ?20, ?21), (?22, ?23, ?24), (?25, ?26, ?27), (?28, ?29, ?30);
UPDATE auth_recovery_codes SET used_at = ?3 WHERE account_id = ?1 AND digest = ?2 AND used_at IS NULL RETURNING account_id;
DELETE FROM auth_recovery_codes WHERE account_id = ?1;

-- src/session.rs
INSERT INTO auth_sessions (id, account_id, device, client, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
SELECT roles, suspended_at FROM auth_users WHERE id = ?1;
UPDATE auth_sessions SET seen_at = ?2 WHERE id = ?1 AND ended_at IS NULL AND (seen_at IS NULL OR seen_at < ?2) RETURNING id;
SELECT id, device, client, created_at, seen_at, expires_at FROM auth_sessions WHERE account_id = ?1 AND expires_at > ?2 AND ended_at IS NULL ORDER BY id DESC LIMIT ?3;
SELECT id FROM auth_sessions WHERE id = ?1 AND account_id = ?2;
SELECT id, expires_at FROM auth_sessions WHERE id = ?1 AND account_id = ?2 AND ended_at IS NULL;
UPDATE auth_sessions SET ended_at = ?3 WHERE id = ?1 AND account_id = ?2 AND ended_at IS NULL RETURNING id, expires_at;
UPDATE auth_sessions SET ended_at = ?3 WHERE account_id = ?1 AND id <> ?2 AND ended_at IS NULL AND expires_at > ?3 RETURNING id, expires_at;
UPDATE auth_sessions SET ended_at = ?1 WHERE account_id IN (SELECT id FROM auth_users WHERE suspended_at IS NOT NULL) AND ended_at IS NULL AND expires_at > ?1 RETURNING id, expires_at;
UPDATE auth_users SET signed_out_at = ?2, signed_out_told_at = NULL WHERE id = ?1 RETURNING id;
WITH ended AS (SELECT id FROM auth_sessions WHERE expires_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_sessions WHERE id IN (SELECT id FROM ended) RETURNING id;

-- src/totp.rs
INSERT INTO auth_totp (account_id, secret, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0 WHERE auth_totp.confirmed_at IS NULL RETURNING account_id;
SELECT secret, last_step FROM auth_totp WHERE account_id = ?1 AND confirmed_at IS NULL;
SELECT secret, last_step FROM auth_totp WHERE account_id = ?1 AND confirmed_at IS NOT NULL;
UPDATE auth_totp SET confirmed_at = ?4, last_step = ?3 WHERE account_id = ?1 AND secret = ?2 AND confirmed_at IS NULL RETURNING account_id;
UPDATE auth_totp SET last_step = ?2 WHERE account_id = ?1 AND last_step < ?2 AND confirmed_at IS NOT NULL RETURNING account_id;
DELETE FROM auth_totp WHERE account_id = ?1;
DELETE FROM auth_totp WHERE account_id = ?1 RETURNING account_id;

-- src/visitor.rs
SELECT u.email AS email, u.verified_at AS verified_at, CAST(CASE WHEN u.password_hash = '' THEN 0 ELSE 1 END AS BIGINT) AS has_password, u.roles AS roles, u.suspended_at AS suspended_at, u.signed_out_at AS signed_out_at, s.id AS session_id, s.created_at AS begun_at, s.seen_at AS seen_at, s.ended_at AS ended_at FROM auth_users AS u LEFT JOIN auth_sessions AS s ON s.id = ?2 AND s.account_id = u.id WHERE u.id = ?1;
