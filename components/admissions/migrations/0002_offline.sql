-- Doors without a network: what has changed since a door read the list, and what doors let in by their
-- own decision. Older programs write neither. A door finds what they changed when it reads the whole list.
ALTER TABLE admissions_admissions ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS admissions_by_change ON admissions_admissions (ticket_id, changed_at);
ALTER TABLE admissions_scans ADD COLUMN admitted BIGINT NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS admissions_scans_doubles ON admissions_scans (ticket_id, heard_at)
    WHERE admitted = 1 AND verdict <> 'admitted';
