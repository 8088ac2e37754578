-- What organizers want of tickets: a name on each, and codes of which a screenshot lets nobody in.
ALTER TABLE admissions_listings ADD COLUMN asks_names BIGINT NOT NULL DEFAULT 0;
ALTER TABLE admissions_listings ADD COLUMN turning_codes BIGINT NOT NULL DEFAULT 0;
-- Who comes with it, as its holder gave it. Nobody did while there is no name.
ALTER TABLE admissions_admissions ADD COLUMN guest_name TEXT;
