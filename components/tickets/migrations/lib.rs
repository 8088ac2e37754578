//! The tables of `tickets`, and how they came to be: for the service, which migrates them when it is
//! first called, and for `boxoffice migrate`.

use boxoffice_schema::{DELETED, OUTBOX_ENTRIES, Service};

/// The service.
pub static SERVICE: Service = Service {
    name: "tickets",
    db_url: "tickets_db_url",
    migrations: &[
        include_str!("0001_listings.sql"),
        OUTBOX_ENTRIES,
        include_str!("0002_order_counts.sql"),
        include_str!("0003_sellers.sql"),
        include_str!("0004_content.sql"),
        include_str!("0005_resale.sql"),
        include_str!("0006_names_and_turning_codes.sql"),
        include_str!("0007_buyers.sql"),
        include_str!("0008_max_per_buyer.sql"),
        include_str!("0011_suspended.sql"),
        DELETED,
    ],
};
