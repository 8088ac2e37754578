-- How many tickets one buyer may have.
ALTER TABLE tickets_tickets ADD COLUMN max_per_buyer BIGINT NOT NULL DEFAULT 10;
-- Content is written again, with the new field.
UPDATE tickets_tickets SET content_at = 0;
