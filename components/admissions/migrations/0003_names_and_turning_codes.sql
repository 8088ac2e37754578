-- What organizers want of tickets: a name on each, and codes of which a screenshot lets nobody in.
ALTER TABLE admissions_listings ADD COLUMN asks_names BIGINT NOT NULL DEFAULT 0;
ALTER TABLE admissions_listings ADD COLUMN turning_codes BIGINT NOT NULL DEFAULT 0;
-- The version that all columns are of. An older program leaves it behind when it writes a newer version,
-- of which it knows only some columns: the row is then read again from tickets.
ALTER TABLE admissions_listings ADD COLUMN whole_version BIGINT NOT NULL DEFAULT 0;
UPDATE admissions_listings SET whole_version = version;
-- Who comes with it, as its holder gave it. Nobody did while there is no name.
ALTER TABLE admissions_admissions ADD COLUMN guest_name TEXT;
