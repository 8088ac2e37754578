-- What sellers let buyers do with a ticket: the highest price at which they may sell it on, in percent
-- of what it cost, and how often it may be handed on.
ALTER TABLE tickets_tickets ADD COLUMN resale_cap BIGINT NOT NULL DEFAULT 100;
ALTER TABLE tickets_tickets ADD COLUMN transfer_limit BIGINT;
-- The event's listing, where a fan sells on a ticket that was bought of it.
ALTER TABLE tickets_tickets ADD COLUMN resale_of TEXT;
CREATE INDEX tickets_by_event ON tickets_tickets (resale_of, price, id) WHERE resale_of IS NOT NULL;
-- The newest version that this service has heard of each admission, and the listing of its offer then.
CREATE TABLE tickets_offers (
    admission_id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    ticket_id TEXT
);
-- Content is written again, with the new fields.
UPDATE tickets_tickets SET content_at = 0;
