-- Whose tickets are paid for, and what a ledger says of them; unknown of payments that are older.
ALTER TABLE payments_payments ADD COLUMN seller_id TEXT;
ALTER TABLE payments_payments ADD COLUMN ticket_id TEXT;
ALTER TABLE payments_payments ADD COLUMN title TEXT;
ALTER TABLE payments_payments ADD COLUMN quantity BIGINT;
-- A refund that was asked for: it is due from then on, whatever becomes of who has asked.
ALTER TABLE payments_payments ADD COLUMN refund_asked_at BIGINT;
ALTER TABLE payments_payments ADD COLUMN refund_asked_by TEXT;
ALTER TABLE payments_payments ADD COLUMN refund_reason TEXT;
ALTER TABLE payments_payments ADD COLUMN restock BIGINT NOT NULL DEFAULT 0;
-- How often what is due failed, of which tries are those, too, that found nothing to do yet.
ALTER TABLE payments_payments ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
-- Double entry: what a movement puts into one account it takes out of another, so that the amounts of
-- each payment's movement add up to zero. Rows are added, never changed or deleted.
CREATE TABLE payments_ledger (
    id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL,
    movement TEXT NOT NULL CONSTRAINT payments_movement CHECK (movement IN ('charge', 'sale', 'refund')),
    account TEXT NOT NULL CONSTRAINT payments_account CHECK (account IN ('provider', 'buyers', 'sellers')),
    -- Whose part of the account it is.
    owner_id TEXT,
    -- In the currency's minor unit; what comes in is positive.
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- A movement happens once.
    CONSTRAINT payments_moves_once UNIQUE (payment_id, movement, account)
);
CREATE INDEX payments_ledger_of_seller ON payments_ledger (owner_id, id) WHERE account = 'sellers';
-- What was sold before there was a ledger.
INSERT INTO payments_ledger (id, payment_id, movement, account, owner_id, amount, currency, at)
    SELECT id || '-charge-provider', id, 'charge', 'provider', NULL, amount, currency, created_at
    FROM payments_payments WHERE status = 'captured';
INSERT INTO payments_ledger (id, payment_id, movement, account, owner_id, amount, currency, at)
    SELECT id || '-charge-buyers', id, 'charge', 'buyers', buyer_id, -amount, currency, created_at
    FROM payments_payments WHERE status = 'captured';
INSERT INTO payments_ledger (id, payment_id, movement, account, owner_id, amount, currency, at)
    SELECT id || '-sale-buyers', id, 'sale', 'buyers', buyer_id, amount, currency, created_at
    FROM payments_payments WHERE status = 'captured';
INSERT INTO payments_ledger (id, payment_id, movement, account, owner_id, amount, currency, at)
    SELECT id || '-sale-sellers', id, 'sale', 'sellers', NULL, -amount, currency, created_at
    FROM payments_payments WHERE status = 'captured';
