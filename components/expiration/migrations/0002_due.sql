-- Those that have fired and been in vain too: a tick asks for both, and would go through every timer.
DROP INDEX expiration_due;
CREATE INDEX expiration_due ON expiration_timers (expires_at) WHERE running = 1;
