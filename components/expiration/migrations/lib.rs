//! The tables of `expiration`, and how they came to be: for the service, which migrates them when it is
//! first called, and for `boxoffice migrate`.

use boxoffice_schema::{OUTBOX_ENTRIES, Service};

/// The service.
pub static SERVICE: Service = Service {
    name: "expiration",
    db_url: "expiration_db_url",
    migrations: &[include_str!("0001_timers.sql"), OUTBOX_ENTRIES, include_str!("0002_due.sql")],
};
