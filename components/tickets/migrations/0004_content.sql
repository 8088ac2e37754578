-- What only its seller changes of a listing, as the API writes it in JSON, so that reading it is
-- passing it on. It is right if it was written, or found right, at the row's version: a change by
-- whoever does not know of it leaves it behind.
ALTER TABLE tickets_tickets ADD COLUMN content TEXT;
ALTER TABLE tickets_tickets ADD COLUMN content_at BIGINT NOT NULL DEFAULT 0;
