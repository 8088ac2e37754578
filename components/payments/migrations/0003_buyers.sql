-- What a buyer has paid, newest first.
CREATE INDEX payments_by_buyer ON payments_payments (buyer_id, id);
