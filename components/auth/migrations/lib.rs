//! The tables of `auth`, and how they came to be: for the service, which migrates them when it is
//! first called, and for `boxoffice migrate`.

use boxoffice_schema::{DELETED, LIMITS, OUTBOX_ENTRIES, Service};

/// The service.
pub static SERVICE: Service = Service {
    name: "auth",
    db_url: "auth_db_url",
    migrations: &[
        include_str!("0001_accounts.sql"),
        OUTBOX_ENTRIES,
        LIMITS,
        include_str!("0002_sessions.sql"),
        include_str!("0003_proofs.sql"),
        include_str!("0004_ways.sql"),
        include_str!("0005_factors.sql"),
        include_str!("0006_roles.sql"),
        DELETED,
        include_str!("0007_people.sql"),
        include_str!("0008_identities.sql"),
    ],
};
