-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/account.rs
INSERT INTO auth_users (id, email, password_hash, created_at) VALUES (?1, ?2, ?3, ?4);
SELECT id, email, password_hash FROM auth_users WHERE email = ?1;

-- src/throttle.rs
INSERT INTO auth_failures (email, failures, window_ends_at) VALUES (?1, 1, ?2) ON CONFLICT (email) DO UPDATE SET failures = CASE WHEN auth_failures.window_ends_at <= ?4 THEN 1 ELSE auth_failures.failures + 1 END, window_ends_at = CASE WHEN auth_failures.window_ends_at <= ?4 THEN excluded.window_ends_at ELSE auth_failures.window_ends_at END WHERE auth_failures.failures < ?3 OR auth_failures.window_ends_at <= ?4 RETURNING failures;
SELECT window_ends_at FROM auth_failures WHERE email = ?1;
WITH stale AS (SELECT email FROM auth_failures WHERE window_ends_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM auth_failures WHERE email IN (SELECT email FROM stale);
DELETE FROM auth_failures WHERE email = ?1;
