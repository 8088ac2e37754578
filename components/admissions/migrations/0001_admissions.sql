-- The events: a replica of what organizers write of their listings.
CREATE TABLE admissions_listings (
    ticket_id TEXT PRIMARY KEY,
    seller_id TEXT NOT NULL,
    title TEXT NOT NULL,
    venue TEXT,
    city TEXT,
    starts_at BIGINT,
    time_zone TEXT,
    version BIGINT NOT NULL
);
-- The sales: the newest state of each order that was ever complete. `orders` decides; this follows.
CREATE TABLE admissions_orders (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);
-- One row for each unit that was ever sold.
CREATE TABLE admissions_admissions (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    -- Which of the order's it is, from 1, and how many the order has.
    number BIGINT NOT NULL,
    total BIGINT NOT NULL,
    ticket_id TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    status TEXT NOT NULL,
    -- Grows when it changes hands: a code of an older generation lets nobody in.
    generation BIGINT NOT NULL,
    -- The transfer that waits to be accepted: for whom, until when, and what its link is made of.
    transfer_email TEXT,
    transfer_until BIGINT,
    transfer_id TEXT,
    -- The scan that somebody entered by, when and where.
    used_scan TEXT,
    used_at BIGINT,
    used_door TEXT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT admissions_once UNIQUE (order_id, number),
    CONSTRAINT admissions_number CHECK (number BETWEEN 1 AND total),
    CONSTRAINT admissions_transfer_is_whole CHECK
        ((transfer_email IS NULL) = (transfer_id IS NULL) AND (transfer_until IS NULL) = (transfer_id IS NULL)),
    -- Nobody accepts what somebody has entered with, or what was refunded.
    CONSTRAINT admissions_transfer_of_valid CHECK (transfer_id IS NULL OR status = 'valid'),
    CONSTRAINT admissions_used_by_a_scan CHECK (status <> 'used' OR used_scan IS NOT NULL)
);
CREATE INDEX admissions_by_holder ON admissions_admissions (holder_id, id);
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
