-- What sellers want of tickets: a name on each, and codes of which a screenshot lets nobody in.
ALTER TABLE tickets_tickets ADD COLUMN asks_names BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets_tickets ADD COLUMN turning_codes BIGINT NOT NULL DEFAULT 0;
-- Content is written again, with the new fields.
UPDATE tickets_tickets SET content_at = 0;
