//! The tables of `admissions`, and how they came to be: for the service, which migrates them when it
//! is first called, and for `boxoffice migrate`.

use boxoffice_schema::{DELETED, LIMITS, OUTBOX_ENTRIES, Service};

/// The service.
pub static SERVICE: Service = Service {
    name: "admissions",
    db_url: "admissions_db_url",
    migrations: &[
        include_str!("0001_admissions.sql"),
        OUTBOX_ENTRIES,
        include_str!("0002_offline.sql"),
        include_str!("0003_names_and_turning_codes.sql"),
        include_str!("0004_letters.sql"),
        LIMITS,
        DELETED,
        include_str!("0006_people.sql"),
    ],
};
