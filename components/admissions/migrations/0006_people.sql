-- What is erased with an organizer's account: the names of doors and of those who stood there.
CREATE INDEX IF NOT EXISTS admissions_listings_by_seller ON admissions_listings (seller_id);
CREATE INDEX IF NOT EXISTS admissions_scans_by_listing ON admissions_scans (ticket_id);
