-- Accounts that are deleted. Only the id is left, so that nothing that comes late brings a person back. What
-- was written at the same time as the deletion is erased again later: at again_at.
CREATE TABLE {s}_deleted (
    user_id TEXT PRIMARY KEY,
    deleted_at BIGINT NOT NULL,
    again_at BIGINT
);
CREATE INDEX {s}_deleted_due ON {s}_deleted (again_at) WHERE again_at IS NOT NULL;
