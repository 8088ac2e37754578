-- What the provider moved by itself, in double entry like payments_ledger and beside it: replicas that do
-- not know of it go on writing there. A payment may have several movements of a kind, each known by what
-- the provider calls it. Rows are added, never changed or deleted.
CREATE TABLE payments_adjustments (
    id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL,
    movement TEXT NOT NULL CONSTRAINT payments_adjustment CHECK (movement IN ('part_refund', 'dispute')),
    -- The provider's event, refund or dispute.
    reference TEXT NOT NULL,
    account TEXT NOT NULL CONSTRAINT payments_adjusted_account CHECK
        (account IN ('provider', 'buyers', 'sellers')),
    -- Whose part of the account it is.
    owner_id TEXT,
    -- In the currency's minor unit; what comes in is positive.
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- A movement happens once.
    CONSTRAINT payments_adjusts_once UNIQUE (payment_id, movement, reference, account)
);
CREATE INDEX payments_adjustments_of_seller ON payments_adjustments (owner_id, id) WHERE account = 'sellers';
-- Why the provider refuses to give the money back, such as for a dispute. It is not asked again then.
ALTER TABLE payments_payments ADD COLUMN refund_refusal TEXT;
-- The client whose attempt it is, until the attempt has ended; empty if clients cannot be told apart.
ALTER TABLE payments_payments ADD COLUMN client TEXT;
