-- What a seller lists, newest first; withdrawn ones, too.
CREATE INDEX tickets_by_seller ON tickets_tickets (seller_id, id);
