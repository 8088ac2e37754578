//! The services' schemas, in one place: each service migrates its own tables when it is first
//! called, and `boxoffice migrate` migrates those of all.

use crate::{Service, Timestamp};

/// The tables that every service has; `{s}` stands for its name.
const COMMON: &str = include_str!("../migrations/0001_outbox.sql");
/// A migration of the tables that every service has: from here on the outbox knows where in its
/// stream an event is, and keeps it until everybody has had it.
const OUTBOX_ENTRIES: &str = include_str!("../migrations/0002_outbox_entries.sql");

/// Accounts, sign-in and sessions.
pub static AUTH: Service = Service {
    name: "auth",
    db_url: "auth_db_url",
    migrations: &[
        include_str!("../../../components/auth/migrations/0001_accounts.sql"),
        OUTBOX_ENTRIES,
    ],
};

/// Listings.
pub static TICKETS: Service = Service {
    name: "tickets",
    db_url: "tickets_db_url",
    migrations: &[
        include_str!("../../../components/tickets/migrations/0001_listings.sql"),
        OUTBOX_ENTRIES,
        include_str!("../../../components/tickets/migrations/0002_order_counts.sql"),
        include_str!("../../../components/tickets/migrations/0003_sellers.sql"),
        include_str!("../../../components/tickets/migrations/0004_content.sql"),
    ],
};

/// Holds and orders.
pub static ORDERS: Service = Service {
    name: "orders",
    db_url: "orders_db_url",
    migrations: &[
        include_str!("../../../components/orders/migrations/0001_inventory.sql"),
        OUTBOX_ENTRIES,
        include_str!("../../../components/orders/migrations/0002_extended.sql"),
        include_str!("../../../components/orders/migrations/0003_refunds.sql"),
    ],
};

/// Payments.
pub static PAYMENTS: Service = Service {
    name: "payments",
    db_url: "payments_db_url",
    migrations: &[
        include_str!("../../../components/payments/migrations/0001_payments.sql"),
        OUTBOX_ENTRIES,
        include_str!("../../../components/payments/migrations/0002_due.sql"),
        include_str!("../../../components/payments/migrations/0003_buyers.sql"),
        include_str!("../../../components/payments/migrations/0004_provider_tells.sql"),
        include_str!("../../../components/payments/migrations/0005_ledger.sql"),
    ],
};

/// The holds' timers.
pub static EXPIRATION: Service = Service {
    name: "expiration",
    db_url: "expiration_db_url",
    migrations: &[
        include_str!("../../../components/expiration/migrations/0001_timers.sql"),
        OUTBOX_ENTRIES,
        include_str!("../../../components/expiration/migrations/0002_due.sql"),
    ],
};

/// All services that keep a database.
pub static ALL: [&Service; 5] = [&AUTH, &TICKETS, &ORDERS, &PAYMENTS, &EXPIRATION];

/// The newest version of `service`'s schema; the oldest is 1, and 0 is no schema at all.
#[must_use]
pub fn newest(service: &Service) -> i64 {
    i64::try_from(service.migrations.len()).unwrap_or(i64::MAX)
}

/// The statement that answers with the `version` of `service`'s schema. It fails where there is no
/// table of versions yet: that is version 0.
#[must_use]
pub fn version(service: &Service) -> String {
    format!("SELECT COALESCE(MAX(version), 0) AS version FROM {}_migrations", service.name)
}

/// The statement that makes the table of versions, unless it is there.
#[must_use]
pub fn versions_table(service: &Service) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {}_migrations \
         (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)",
        service.name
    )
}

/// The statements that bring `service`'s tables from `version` to the newest one, in the order in
/// which they are to be run, in one transaction. None if there is nothing to do.
#[must_use]
pub fn upgrade(service: &Service, version: i64, now: Timestamp) -> Vec<String> {
    let from = usize::try_from(version).unwrap_or(0);
    let mut all = Vec::new();
    for (index, text) in service.migrations.iter().enumerate().skip(from) {
        if index == 0 {
            all.extend(statements(service, COMMON));
        }
        all.extend(statements(service, text));
        all.push(format!(
            "INSERT INTO {}_migrations (version, applied_at) VALUES ({}, {})",
            service.name,
            index + 1,
            now.as_millis()
        ));
    }
    all
}

/// The statements of `text`, which end in `;` and a line end.
fn statements(service: &Service, text: &str) -> Vec<String> {
    let text = text.replace("{s}", service.name);
    let statements = text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty());
    statements.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_holds_what_is_missing_and_notes_it() {
        let now = Timestamp::from_millis(7);
        let all = upgrade(&EXPIRATION, 0, now);
        assert!(all[0].starts_with("CREATE TABLE expiration_outbox"), "{all:?}");
        let noted = |version| {
            let table = "INSERT INTO expiration_migrations (version, applied_at) VALUES";
            format!("{table} ({version}, 7)")
        };
        let last = upgrade(&EXPIRATION, newest(&EXPIRATION) - 1, now);
        assert_eq!(last.len(), 3, "{last:?}");
        assert_eq!(last[2], noted(3));
        assert!(all.ends_with(&last) && all.contains(&noted(1)) && all.contains(&noted(2)));
        assert!(upgrade(&EXPIRATION, newest(&EXPIRATION), now).is_empty());
    }

    #[test]
    fn no_statement_is_left_with_a_place_or_another_statement_in_it() {
        for service in ALL {
            for statement in upgrade(service, 0, Timestamp::from_millis(0)) {
                assert!(!statement.contains("{s}"), "{statement}");
                assert!(!statement.trim_end_matches(';').contains(";\n"), "{statement}");
            }
        }
    }
}
