-- A ticket that a fan sells on: the listing of its event, and what the shop keeps of the price, in the
-- currency's minor unit. Both are decided when the payment begins.
ALTER TABLE payments_payments ADD COLUMN resale_of TEXT;
ALTER TABLE payments_payments ADD COLUMN fee BIGINT NOT NULL DEFAULT 0 CONSTRAINT payments_fee CHECK (fee >= 0);
-- Since when the sale of the payment's order is undone, because the sale before it was. The shop itself
-- asks for its refund then: refund_asked_by stays empty.
ALTER TABLE payments_payments ADD COLUMN undone_at BIGINT;
CREATE INDEX payments_undone ON payments_payments (try_again_at)
    WHERE status = 'captured' AND undone_at IS NOT NULL AND refund_asked_at IS NULL;
-- The ledger again, with the fee's movements and the shop's own account. On Postgres the renaming waits
-- for writers, and keeps others away until all is copied: no entry is lost on the way. The old
-- table has its constraints until it is dropped, so the unique one gets another name.
ALTER TABLE payments_ledger RENAME TO payments_ledger_before_fees;
DROP INDEX payments_ledger_of_seller;
CREATE TABLE payments_ledger (
    id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL,
    movement TEXT NOT NULL CONSTRAINT payments_movement CHECK
        (movement IN ('charge', 'sale', 'fee', 'refund', 'fee_return')),
    account TEXT NOT NULL CONSTRAINT payments_account CHECK
        (account IN ('provider', 'buyers', 'sellers', 'shop')),
    -- Whose part of the account it is.
    owner_id TEXT,
    -- In the currency's minor unit; what comes in is positive.
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- A movement happens once.
    CONSTRAINT payments_books_once UNIQUE (payment_id, movement, account)
);
INSERT INTO payments_ledger (id, payment_id, movement, account, owner_id, amount, currency, at)
    SELECT id, payment_id, movement, account, owner_id, amount, currency, at
    FROM payments_ledger_before_fees;
DROP TABLE payments_ledger_before_fees;
CREATE INDEX payments_ledger_of_seller ON payments_ledger (owner_id, id) WHERE account = 'sellers';
