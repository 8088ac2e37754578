CREATE TABLE payments_payments (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    amount BIGINT NOT NULL CONSTRAINT payments_amount CHECK (amount > 0),
    currency TEXT NOT NULL,
    -- The payment method, in the provider's words.
    token TEXT NOT NULL,
    idempotency_key TEXT,
    status TEXT NOT NULL CONSTRAINT payments_status CHECK
        (status IN ('pending', 'authorized', 'captured', 'voided', 'refunded', 'declined')),
    -- The provider's PaymentIntent, once it has answered.
    intent_id TEXT,
    decline_code TEXT,
    decline_message TEXT,
    -- How often the provider was asked in vain for what is due, and when to ask again.
    tries BIGINT NOT NULL DEFAULT 0,
    try_again_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT payments_intent CHECK (status IN ('pending', 'declined') OR intent_id IS NOT NULL)
);
-- An order is paid at most once: a second attempt must wait until the first has failed.
CREATE UNIQUE INDEX payments_one_live ON payments_payments (order_id)
    WHERE status IN ('pending', 'authorized', 'captured');
-- A repeated request finds the attempt that it has made already.
CREATE UNIQUE INDEX payments_one_attempt ON payments_payments (buyer_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX payments_by_order ON payments_payments (order_id);
CREATE INDEX payments_due ON payments_payments (status, try_again_at)
    WHERE status IN ('pending', 'authorized', 'captured');
-- How each order ended, as far as this service has heard.
CREATE TABLE payments_orders (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    payment_id TEXT,
    version BIGINT NOT NULL
);
