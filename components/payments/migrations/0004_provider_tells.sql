-- Where a payment stands with the provider, besides its status: while it is pending, whether the buyer
-- has to do something or the provider will know later; when it is declined, that its intent is still to
-- be closed, since a browser could go on with it.
ALTER TABLE payments_payments ADD COLUMN stage TEXT CONSTRAINT payments_stage
    CHECK (stage IN ('action', 'processing', 'open'));
-- What an operator has to look at, and since when.
ALTER TABLE payments_payments ADD COLUMN attention TEXT;
ALTER TABLE payments_payments ADD COLUMN attention_since BIGINT;
CREATE UNIQUE INDEX payments_by_intent ON payments_payments (intent_id) WHERE intent_id IS NOT NULL;
CREATE INDEX payments_open ON payments_payments (try_again_at) WHERE stage = 'open';
-- The provider's events, each once. A body is kept until what it tells is applied.
CREATE TABLE payments_webhooks (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    body TEXT,
    received_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    try_again_at BIGINT NOT NULL
);
CREATE INDEX payments_webhooks_due ON payments_webhooks (try_again_at) WHERE body IS NOT NULL;
CREATE INDEX payments_webhooks_old ON payments_webhooks (received_at);
