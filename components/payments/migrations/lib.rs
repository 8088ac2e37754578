//! The tables of `payments`, and how they came to be: for the service, which migrates them when it is
//! first called, and for `boxoffice migrate`.

use boxoffice_schema::{DELETED, LIMITS, OUTBOX_ENTRIES, Service};

/// The service.
pub static SERVICE: Service = Service {
    name: "payments",
    db_url: "payments_db_url",
    migrations: &[
        include_str!("0001_payments.sql"),
        OUTBOX_ENTRIES,
        include_str!("0002_due.sql"),
        include_str!("0003_buyers.sql"),
        include_str!("0004_provider_tells.sql"),
        include_str!("0005_ledger.sql"),
        include_str!("0006_resale.sql"),
        LIMITS,
        include_str!("0007_abuse.sql"),
        DELETED,
        include_str!("0008_people.sql"),
    ],
};
