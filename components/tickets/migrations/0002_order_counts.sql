-- What a listing's counts are added up from: an event of one of its orders need not look at those that
-- were cancelled, nor at more of the others than their quantity.
CREATE INDEX tickets_orders_held ON tickets_orders (ticket_id, quantity)
    WHERE status IN ('created', 'awaiting:payment');
CREATE INDEX tickets_orders_sold ON tickets_orders (ticket_id, quantity) WHERE status = 'complete';
DROP INDEX tickets_orders_by_ticket;
