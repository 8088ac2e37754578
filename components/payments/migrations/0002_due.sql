-- A captured payment is left alone unless somebody has tried in vain to give it back. A tick that went
-- through all that were ever captured would take the longer the more was sold.
CREATE INDEX payments_given_back ON payments_payments (try_again_at) WHERE status = 'captured' AND tries > 0;
DROP INDEX payments_due;
CREATE INDEX payments_due ON payments_payments (status, try_again_at) WHERE status IN ('pending', 'authorized');
