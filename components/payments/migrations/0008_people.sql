-- What is asked before an account is deleted: the payments for what it has sold.
CREATE INDEX IF NOT EXISTS payments_by_seller ON payments_payments (seller_id, id) WHERE seller_id IS NOT NULL;
