-- Until now published rows were kept for people who look; where they are in their streams is not known.
DELETE FROM {s}_outbox WHERE published_at IS NOT NULL;
DROP INDEX {s}_outbox_published;
-- The entry in the stream that a published event became: entry_ms-entry_seq, as Redis writes it. Two
-- numbers, since as text 5-10 would come before 5-9.
ALTER TABLE {s}_outbox ADD COLUMN entry_ms BIGINT;
ALTER TABLE {s}_outbox ADD COLUMN entry_seq BIGINT;
CREATE INDEX {s}_outbox_published ON {s}_outbox (type, entry_ms, entry_seq) WHERE published_at IS NOT NULL;
