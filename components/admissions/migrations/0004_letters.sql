-- What mail asks: the admission of a transfer, and who holds tickets for an event that was moved.
CREATE INDEX IF NOT EXISTS admissions_by_transfer ON admissions_admissions (transfer_id)
    WHERE transfer_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS admissions_holding ON admissions_admissions (ticket_id, holder_id)
    WHERE status IN ('valid', 'offered');
