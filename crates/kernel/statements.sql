-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/command.rs
SELECT fingerprint, status, headers, body FROM {s}_idempotency WHERE scope = ?1 AND key = ?2;
INSERT INTO {s}_idempotency (scope, key, fingerprint, status, headers, body, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- src/erasure.rs
SELECT user_id FROM {s}_deleted WHERE user_id = ?1;
INSERT INTO {s}_deleted (user_id, deleted_at, again_at) VALUES (?1, ?2, ?3) ON CONFLICT (user_id) DO NOTHING RETURNING user_id;
SELECT user_id FROM {s}_deleted WHERE again_at <= ?1 LIMIT 1;
WITH due AS (SELECT user_id FROM {s}_deleted WHERE again_at <= ?1 ORDER BY again_at LIMIT ?3 FOR UPDATE SKIP LOCKED) UPDATE {s}_deleted SET again_at = CASE WHEN deleted_at + ?2 > ?1 THEN deleted_at + ?2 END WHERE user_id IN (SELECT user_id FROM due) RETURNING user_id;
DELETE FROM {s}_idempotency WHERE scope = ?1;

-- src/events/publish.rs
SELECT id, type, body FROM {s}_outbox WHERE published_at IS NULL AND created_at <= ?1 ORDER BY created_at, id LIMIT 256;

-- src/events/reconcile.rs
SELECT id, entry_ms, entry_seq FROM {s}_outbox WHERE type = ?1 AND published_at IS NOT NULL AND (entry_ms, entry_seq) > (?2, ?3) ORDER BY entry_ms, entry_seq LIMIT 256;
SELECT id, entry_ms, entry_seq FROM {s}_outbox WHERE type = ?1 AND published_at IS NOT NULL ORDER BY entry_ms, entry_seq LIMIT 1;
WITH done (id, ms, seq) AS (VALUES (CAST(?1 AS TEXT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT))) UPDATE {s}_outbox AS outbox SET published_at = ?4, entry_ms = done.ms, entry_seq = done.seq FROM done WHERE outbox.id = done.id;
WITH done (id, ms, seq) AS (VALUES (CAST(?1 AS TEXT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT)), (CAST(?4 AS TEXT), CAST(?5 AS BIGINT), CAST(?6 AS BIGINT))) UPDATE {s}_outbox AS outbox SET published_at = ?7, entry_ms = done.ms, entry_seq = done.seq FROM done WHERE outbox.id = done.id;
DELETE FROM {s}_outbox WHERE id IN ('00000000-0000-0000-0000-000000000000');
DELETE FROM {s}_outbox WHERE id IN ('00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000');
WITH lost (id, ms, seq) AS (VALUES (CAST(?1 AS TEXT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT))) UPDATE {s}_outbox AS outbox SET published_at = NULL, entry_ms = NULL, entry_seq = NULL FROM lost WHERE outbox.id = lost.id AND outbox.entry_ms = lost.ms AND outbox.entry_seq = lost.seq;
WITH lost (id, ms, seq) AS (VALUES (CAST(?1 AS TEXT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT)), (CAST(?4 AS TEXT), CAST(?5 AS BIGINT), CAST(?6 AS BIGINT))) UPDATE {s}_outbox AS outbox SET published_at = NULL, entry_ms = NULL, entry_seq = NULL FROM lost WHERE outbox.id = lost.id AND outbox.entry_ms = lost.ms AND outbox.entry_seq = lost.seq;

-- src/events/worker.rs
DELETE FROM {s}_idempotency WHERE created_at < ?1;

-- src/health.rs
DELETE FROM {s}_idempotency WHERE scope = '' AND key = '';

-- src/limit.rs
INSERT INTO {s}_limits (name, key, used, allowed, window_ends_at) VALUES (?2, ?3, 1, ?4, ?5) ON CONFLICT (name, key) DO UPDATE SET allowed = excluded.allowed, used = CASE WHEN {s}_limits.window_ends_at <= ?1 THEN 1 ELSE {s}_limits.used + 1 END, window_ends_at = CASE WHEN {s}_limits.window_ends_at <= ?1 THEN excluded.window_ends_at ELSE {s}_limits.window_ends_at END WHERE {s}_limits.used < excluded.allowed OR {s}_limits.window_ends_at <= ?1 RETURNING name, key;
INSERT INTO {s}_limits (name, key, used, allowed, window_ends_at) VALUES (?2, ?3, 1, ?4, ?5), (?6, ?7, 1, ?8, ?9) ON CONFLICT (name, key) DO UPDATE SET allowed = excluded.allowed, used = CASE WHEN {s}_limits.window_ends_at <= ?1 THEN 1 ELSE {s}_limits.used + 1 END, window_ends_at = CASE WHEN {s}_limits.window_ends_at <= ?1 THEN excluded.window_ends_at ELSE {s}_limits.window_ends_at END WHERE {s}_limits.used < excluded.allowed OR {s}_limits.window_ends_at <= ?1 RETURNING name, key;
SELECT used, window_ends_at FROM {s}_limits WHERE name = ?1 AND key = ?2;
UPDATE {s}_limits SET used = used - 1 WHERE used > 0 AND (name, key) IN (VALUES (?1, ?2));
UPDATE {s}_limits SET used = used - 1 WHERE used > 0 AND (name, key) IN (VALUES (?1, ?2), (?3, ?4));
WITH ended AS (SELECT name, key FROM {s}_limits WHERE window_ends_at <= ?1 LIMIT ?2 FOR UPDATE SKIP LOCKED) DELETE FROM {s}_limits WHERE (name, key) IN (SELECT name, key FROM ended) RETURNING name;

-- src/outbox.rs
INSERT INTO {s}_outbox (id, type, body, created_at) VALUES (?1, ?2, ?3, ?4);
INSERT INTO {s}_outbox (id, type, body, created_at) VALUES (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8);
