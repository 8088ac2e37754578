-- Every statement that is sent; BOXOFFICE_WRITE_STATEMENTS=1 has the unit tests write it.

-- src/command.rs
SELECT fingerprint, status, headers, body FROM {s}_idempotency WHERE scope = ?1 AND key = ?2;
INSERT INTO {s}_idempotency (scope, key, fingerprint, status, headers, body, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

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
SELECT 1 AS one;

-- src/outbox.rs
INSERT INTO {s}_outbox (id, type, body, created_at) VALUES (?1, ?2, ?3, ?4);
INSERT INTO {s}_outbox (id, type, body, created_at) VALUES (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8);
