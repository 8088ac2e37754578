//! The tables of `mail`, and how they came to be: for the service, which migrates them when it is first
//! called, and for `boxoffice migrate`.

use boxoffice_schema::{DELETED, OUTBOX_ENTRIES, Service};

/// The service.
pub static SERVICE: Service = Service {
    name: "mail",
    db_url: "mail_db_url",
    migrations: &[
        include_str!("0001_letters.sql"),
        OUTBOX_ENTRIES,
        DELETED,
        include_str!("0003_people.sql"),
        include_str!("0002_preferences.sql"),
    ],
};
