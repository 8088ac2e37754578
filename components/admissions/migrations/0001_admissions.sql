-- The events: a replica of what organizers write of their listings.
CREATE TABLE admissions_listings (
    ticket_id TEXT PRIMARY KEY,
    seller_id TEXT NOT NULL,
    title TEXT NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at BIGINT,
    time_zone TEXT,
    -- What the organizer allows: the highest price of a resale in percent, and how many transfers.
    resale_cap BIGINT NOT NULL,
    transfer_limit BIGINT,
    version BIGINT NOT NULL
);
-- The sales: the newest state of each order that was ever complete. `orders` decides; this follows.
CREATE TABLE admissions_orders (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);
-- One row for each unit that was ever sold. A unit that is sold on has a row for each of its sales.
CREATE TABLE admissions_admissions (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    -- Which of the order's it is, from 1, and how many the order has.
    number BIGINT NOT NULL,
    total BIGINT NOT NULL,
    ticket_id TEXT NOT NULL,
    -- The unit: the admission of its first sale, and what was paid for it then.
    unit_id TEXT NOT NULL,
    face_price BIGINT NOT NULL,
    currency TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    status TEXT NOT NULL,
    -- Grows when it changes hands, over all rows of a unit: an older code lets nobody in.
    generation BIGINT NOT NULL,
    -- How often the unit was handed on.
    transfers BIGINT NOT NULL,
    -- The transfer that waits to be accepted: for whom, until when, and what its link is made of.
    transfer_email TEXT,
    transfer_until BIGINT,
    transfer_id TEXT,
    -- The scan that somebody entered by, when and where.
    used_scan TEXT,
    used_at BIGINT,
    used_door TEXT,
    -- The listing by which its holder sells it on, and the price; and the order by which that was done.
    offer_id TEXT,
    offer_price BIGINT,
    resold_order_id TEXT,
    -- Its order was refunded, or will be, because the sale before it was.
    undone BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT admissions_once UNIQUE (order_id, number),
    CONSTRAINT admissions_number CHECK (number BETWEEN 1 AND total),
    CONSTRAINT admissions_transfer_is_whole CHECK
        ((transfer_email IS NULL) = (transfer_id IS NULL) AND (transfer_until IS NULL) = (transfer_id IS NULL)),
    -- Nobody accepts what somebody has entered with, or what was refunded.
    CONSTRAINT admissions_transfer_of_valid CHECK (transfer_id IS NULL OR status = 'valid'),
    CONSTRAINT admissions_offer_is_whole CHECK ((offer_id IS NULL) = (offer_price IS NULL)),
    CONSTRAINT admissions_offered_by_an_offer CHECK (status <> 'offered' OR offer_id IS NOT NULL),
    CONSTRAINT admissions_undone_is_void CHECK (undone = 0 OR status = 'void'),
    CONSTRAINT admissions_used_by_a_scan CHECK (status <> 'used' OR used_scan IS NOT NULL)
);
CREATE INDEX admissions_by_holder ON admissions_admissions (holder_id, id);
-- Two codes never let in for one unit, whatever races.
CREATE UNIQUE INDEX admissions_one_live ON admissions_admissions (unit_id) WHERE status <> 'void';
CREATE INDEX admissions_by_unit ON admissions_admissions (unit_id, generation);
CREATE UNIQUE INDEX admissions_by_offer ON admissions_admissions (offer_id) WHERE offer_id IS NOT NULL;
CREATE INDEX admissions_by_resale ON admissions_admissions (resold_order_id)
    WHERE resold_order_id IS NOT NULL;
CREATE INDEX admissions_by_listing ON admissions_admissions (ticket_id, id);
-- What doors have scanned, for the organizer: also what two doors let in while neither had a network.
CREATE TABLE admissions_scans (
    id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    admission_id TEXT NOT NULL,
    door TEXT NOT NULL,
    at BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    heard_at BIGINT NOT NULL
);
CREATE INDEX admissions_scans_by_admission ON admissions_scans (admission_id, at);
-- Links for a door's staff. Their secret is not stored: it is made of the id and the signing key.
CREATE TABLE admissions_staff (
    id TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    name TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX admissions_staff_by_listing ON admissions_staff (ticket_id, id);
