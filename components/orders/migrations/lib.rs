//! The tables of `orders`, and how they came to be: for the service, which migrates them when it is
//! first called, and for `boxoffice migrate`.

use boxoffice_schema::{DELETED, OUTBOX_ENTRIES, Service};

/// The service.
pub static SERVICE: Service = Service {
    name: "orders",
    db_url: "orders_db_url",
    migrations: &[
        include_str!("0001_inventory.sql"),
        OUTBOX_ENTRIES,
        include_str!("0002_extended.sql"),
        include_str!("0003_refunds.sql"),
        include_str!("0004_told.sql"),
        include_str!("0005_resale.sql"),
        include_str!("0006_changed_events.sql"),
        include_str!("0007_limits_of_buyers.sql"),
        DELETED,
        include_str!("0009_people.sql"),
        include_str!("0008_reminders.sql"),
    ],
};
