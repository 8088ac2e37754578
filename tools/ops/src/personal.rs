//! What each column of the shop may tell of a person, and what becomes of it when the account is deleted.
//!
//! A test walks through all services' tables: a column that is not declared here fails it. The audit asks
//! each table for what should be gone. `docs/privacy.md` says the same for people.

use boxoffice_schema::Service;

use crate::schema;

/// What the columns of a table hold, by their names with blanks between.
#[derive(Clone, Copy, Debug, Default)]
pub struct Table {
    /// Its name; `{s}` stands for the service's.
    pub name: &'static str,
    /// Ids, such as that of an account: they stand for nobody once the account is deleted.
    pub ids: &'static str,
    /// Amounts, times, statuses and the like.
    pub facts: &'static str,
    /// What people typed and others have paid for, such as titles. The law asks for it.
    pub kept: &'static str,
    /// What is gone within a day or so by itself, whoever it is about.
    pub passing: &'static str,
    /// What is erased with the account.
    pub erased: &'static str,
    /// What keys a row that tells too much.
    pub key: &'static [&'static str],
    /// Selects rows that tell of deleted accounts what should be erased; `{d}` stands for those accounts.
    pub left: &'static str,
}

const NONE: Table = Table {
    name: "",
    ids: "",
    facts: "",
    kept: "",
    passing: "",
    erased: "",
    key: &["id"],
    left: "",
};

/// The tables that services have in common.
pub const COMMON: [Table; 5] = [
    Table { name: "{s}_migrations", facts: "version applied_at", ..NONE },
    // Events name ids, and listings as their sellers wrote them. A published one goes when all have had it.
    Table {
        name: "{s}_outbox",
        ids: "id",
        facts: "type created_at published_at entry_ms entry_seq",
        kept: "body",
        ..NONE
    },
    Table {
        name: "{s}_idempotency",
        ids: "scope",
        facts: "fingerprint status created_at",
        passing: "key",
        erased: "headers body",
        key: &["scope"],
        left: "scope IN {d} AND body <> ''",
        ..NONE
    },
    Table {
        name: "{s}_limits",
        facts: "name used allowed window_ends_at",
        // An account's id, a client's address, or a digest of an e-mail address.
        passing: "key",
        ..NONE
    },
    Table { name: "{s}_deleted", ids: "user_id", facts: "deleted_at again_at", ..NONE },
];

/// Each service's own tables.
pub const TABLES: &[Table] = &[
    Table {
        name: "auth_users",
        erased: "id email password_hash created_at signed_out_at signed_out_told_at verified_at locale \
                 roles suspended_at suspended_reason standing_version",
        left: "id IN {d}",
        ..NONE
    },
    Table { name: "auth_failures", facts: "failures window_ends_at", passing: "email", ..NONE },
    // A session stays until it runs out, since the services must hear that it has ended.
    Table {
        name: "auth_sessions",
        ids: "id account_id",
        facts: "created_at expires_at ended_at told_at seen_at",
        erased: "device client",
        left: "account_id IN {d} AND (device <> '' OR client IS NOT NULL)",
        ..NONE
    },
    Table {
        name: "auth_proofs",
        erased: "account_id purpose id email created_at expires_at used_at tries next",
        left: "account_id IN {d}",
        ..NONE
    },
    Table {
        name: "auth_notices",
        erased: "id account_id device client created_at expires_at",
        left: "account_id IN {d}",
        ..NONE
    },
    Table {
        name: "auth_identities",
        erased: "id issuer subject account_id created_at",
        left: "account_id IN {d}",
        ..NONE
    },
    Table {
        name: "auth_passkeys",
        erased: "id account_id credential_id public_key sign_count name transports created_at used_at",
        left: "account_id IN {d}",
        ..NONE
    },
    Table {
        name: "auth_totp",
        erased: "account_id secret created_at confirmed_at last_step",
        key: &["account_id"],
        left: "account_id IN {d}",
        ..NONE
    },
    Table {
        name: "auth_recovery_codes",
        erased: "account_id digest created_at used_at",
        key: &["account_id", "digest"],
        left: "account_id IN {d}",
        ..NONE
    },
    // What a browser was asked to have signed, for some minutes.
    Table {
        name: "auth_challenges",
        facts: "challenge purpose expires_at",
        passing: "account_id",
        ..NONE
    },
    Table {
        name: "auth_exports",
        erased: "id account_id status stage reached parts tries next_at created_at expires_at",
        left: "account_id IN {d}",
        ..NONE
    },
    // What operators did with accounts, and who they were; why, for as long as the account is there.
    Table {
        name: "auth_operations",
        ids: "id account_id",
        facts: "deed role operator created_at",
        erased: "reason",
        left: "account_id IN {d} AND reason IS NOT NULL",
        ..NONE
    },
    // Addresses that accounts had, each for as long as there is a way back.
    Table {
        name: "auth_address_changes",
        erased: "id account_id old_email device client created_at expires_at ended_at",
        left: "account_id IN {d}",
        ..NONE
    },
    // A part goes with its file.
    Table {
        name: "auth_export_parts",
        erased: "export_id number body",
        key: &["export_id"],
        left: "export_id NOT IN (SELECT id FROM auth_exports)",
        ..NONE
    },
    // Where the last letter goes, for a day.
    Table {
        name: "auth_farewells",
        ids: "id account_id",
        facts: "expires_at",
        passing: "email locale",
        ..NONE
    },
    Table { name: "auth_erasures", ids: "account_id", facts: "asked_at", ..NONE },
    Table {
        name: "tickets_tickets",
        ids: "id seller_id resale_of",
        facts: "price currency quantity held sold withdrawn starts_at time_zone created_at version \
                content_at resale_cap transfer_limit asks_names turning_codes max_per_buyer",
        kept: "title venue city city_key content",
        erased: "description words",
        left: "seller_id IN {d} AND (description IS NOT NULL OR words <> '' OR withdrawn = 0)",
        ..NONE
    },
    Table {
        name: "tickets_orders",
        ids: "id ticket_id buyer_id",
        facts: "quantity status version",
        ..NONE
    },
    Table { name: "tickets_people", ids: "id", facts: "version suspended", ..NONE },
    Table { name: "tickets_offers", ids: "admission_id ticket_id", facts: "version", ..NONE },
    Table {
        name: "orders_listings",
        ids: "ticket_id seller_id resale_of",
        facts: "price currency quantity withdrawn starts_at time_zone version held sold frozen_until \
                changed_at max_per_buyer",
        kept: "title venue city",
        ..NONE
    },
    Table {
        name: "orders_orders",
        ids: "id buyer_id ticket_id payment_id seller_id resale_of",
        facts: "quantity price amount currency status cancel_reason starts_at time_zone expires_at \
                created_at version extended_at refunded_at restocked told_version \
                reminder_at",
        kept: "title venue city",
        left: "buyer_id IN {d} AND status IN ('created', 'awaiting:payment')",
        ..NONE
    },
    Table {
        name: "orders_buyers",
        erased: "buyer_id holds",
        key: &["buyer_id"],
        left: "buyer_id IN {d}",
        ..NONE
    },
    // What the provider calls a payment stays with it: a dispute may come late.
    Table {
        name: "payments_payments",
        ids: "id order_id buyer_id intent_id seller_id ticket_id refund_asked_by resale_of",
        facts: "amount currency status decline_code tries try_again_at created_at version stage \
                attention attention_since quantity refund_asked_at refund_reason restock failures fee \
                undone_at refund_refusal",
        kept: "title",
        erased: "token idempotency_key decline_message client",
        left: "buyer_id IN {d} AND status NOT IN ('pending', 'authorized') \
               AND (token <> '' OR idempotency_key IS NOT NULL OR decline_message IS NOT NULL \
               OR client IS NOT NULL)",
        ..NONE
    },
    Table { name: "payments_orders", ids: "id payment_id", facts: "status version", ..NONE },
    // A body is kept until what it tells is applied.
    Table {
        name: "payments_webhooks",
        ids: "id",
        facts: "type received_at tries try_again_at",
        passing: "body",
        ..NONE
    },
    Table {
        name: "payments_ledger",
        ids: "id payment_id owner_id",
        facts: "movement account amount currency at",
        ..NONE
    },
    Table {
        name: "payments_adjustments",
        ids: "id payment_id owner_id reference",
        facts: "movement account amount currency at",
        ..NONE
    },
    Table {
        name: "expiration_timers",
        ids: "order_id",
        facts: "expires_at version running fired_at",
        ..NONE
    },
    Table {
        name: "admissions_listings",
        ids: "ticket_id seller_id",
        facts: "starts_at time_zone resale_cap transfer_limit version asks_names turning_codes \
                whole_version",
        kept: "title venue city",
        ..NONE
    },
    Table { name: "admissions_orders", ids: "id", facts: "version", ..NONE },
    Table {
        name: "admissions_admissions",
        ids: "id order_id ticket_id unit_id holder_id used_scan offer_id resold_order_id",
        facts: "number total face_price currency status generation transfers used_at offer_price \
                undone created_at version changed_at",
        erased: "guest_name transfer_id transfer_email transfer_until used_door",
        left: "(holder_id IN {d} AND (guest_name IS NOT NULL OR transfer_id IS NOT NULL \
               OR transfer_email IS NOT NULL OR transfer_until IS NOT NULL)) OR (used_door <> '' \
               AND ticket_id IN (SELECT ticket_id FROM admissions_listings WHERE seller_id IN {d}))",
        ..NONE
    },
    Table {
        name: "admissions_scans",
        ids: "id ticket_id admission_id",
        facts: "at verdict heard_at admitted",
        erased: "door",
        left: "door <> '' AND ticket_id IN \
               (SELECT ticket_id FROM admissions_listings WHERE seller_id IN {d})",
        ..NONE
    },
    Table {
        name: "admissions_staff",
        erased: "id ticket_id name expires_at",
        left: "ticket_id IN (SELECT ticket_id FROM admissions_listings WHERE seller_id IN {d})",
        ..NONE
    },
    // A letter names its kind and ids. Its key keeps the same event from a second letter.
    Table {
        name: "mail_letters",
        ids: "id key subject recipient reached address_hash",
        facts: "kind version status attempts next_at expires_at created_at sent_at last_error \
                server_answer",
        left: "recipient IN {d} AND kind <> 'account_deleted' AND status = 'waiting'",
        ..NONE
    },
    Table {
        name: "mail_refusals",
        erased: "account_id category created_at",
        key: &["account_id", "category"],
        left: "account_id IN {d}",
        ..NONE
    },
    // A keyed hash stands for the address. It keeps letters from an address whose server refused them,
    // whoever has an account with it next.
    Table {
        name: "mail_suppressed",
        ids: "address_hash letter_id",
        facts: "trouble reason created_at",
        key: &["address_hash"],
        ..NONE
    },
    Table { name: "mail_server", ids: "id", facts: "failures not_before last_error", ..NONE },
];

impl Table {
    /// Returns the names of all declared columns.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        let all = [self.ids, self.facts, self.kept, self.passing, self.erased];
        all.into_iter().flat_map(str::split_whitespace)
    }
}

/// Returns the tables of `service`, each with its own name.
pub fn of(service: &Service) -> impl Iterator<Item = (String, Table)> {
    let s = service.name;
    let own = format!("{s}_");
    let named = move |table: &Table| (table.name.replace("{s}", s), *table);
    let mine = TABLES.iter().filter(move |table| table.name.starts_with(&own));
    COMMON.iter().chain(mine).map(named)
}

/// Returns the services that hear of deleted accounts.
pub fn knowing() -> impl Iterator<Item = &'static Service> {
    let hears = |service: &&Service| service.migrations.contains(&boxoffice_schema::DELETED);
    schema::ALL.into_iter().filter(hears)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::BTreeSet;

    use rusqlite::Connection;

    use super::*;

    /// The tables of `service` with their columns, in the newest schema.
    fn tables(service: &Service) -> Vec<(String, Vec<String>)> {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch(&boxoffice_schema::versions_table(service)).unwrap();
        for statement in boxoffice_schema::upgrade(service, 0, 0) {
            database.execute_batch(&statement).unwrap();
        }
        let all = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let mut names = database.prepare(all).unwrap();
        let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let columns = |table: &str| {
            let mut all = database.prepare(&format!("PRAGMA table_info({table})")).unwrap();
            let all = all.query_map([], |row| row.get::<_, String>(1)).unwrap();
            all.map(Result::unwrap).collect()
        };
        names.map(Result::unwrap).map(|name| (name.clone(), columns(&name))).collect()
    }

    #[test]
    fn every_column_is_declared_once() {
        for service in schema::ALL {
            let declared: Vec<(String, Table)> = of(service).collect();
            for (table, columns) in tables(service) {
                let found = declared.iter().find(|(name, _)| *name == table);
                let (_, found) = found.unwrap_or_else(|| panic!("declare {table} here"));
                let mut known: Vec<&str> = found.columns().collect();
                known.sort_unstable();
                let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                columns.sort_unstable();
                assert_eq!(known, columns, "{table}: declare what each column tells of a person");
            }
            let made: BTreeSet<String> =
                tables(service).into_iter().map(|(name, _)| name).collect();
            for (name, table) in declared {
                let is_common = table.name.starts_with("{s}");
                assert!(
                    is_common || made.contains(&name),
                    "{name} is no table of {}",
                    service.name
                );
            }
        }
    }

    /// A row that goes as a whole needs no column of its own to be looked for.
    #[test]
    fn the_audit_looks_for_each_column_that_is_erased() {
        for table in COMMON.iter().chain(TABLES).filter(|table| !table.erased.is_empty()) {
            assert!(!table.left.is_empty(), "{} has no way to find what is left", table.name);
            let goes_whole = [table.ids, table.facts, table.kept, table.passing]
                .iter()
                .all(|columns| columns.is_empty());
            let is_looked_for = |column: &str| table.left.contains(column);
            // Stored answers have a body, or nothing at all.
            let columns = table.erased.split_whitespace().filter(|column| *column != "headers");
            for column in columns {
                assert!(goes_whole || is_looked_for(column), "{}.{column}", table.name);
            }
        }
    }

    #[test]
    fn what_is_left_can_be_asked_for() {
        for service in knowing() {
            let database = Connection::open_in_memory().unwrap();
            for statement in boxoffice_schema::upgrade(service, 0, 0) {
                if !statement.contains("_migrations") {
                    database.execute_batch(&statement).unwrap();
                }
            }
            let has = |name: &str| database.table_exists(None, name).unwrap();
            for (name, table) in
                of(service).filter(|(name, table)| has(name) && !table.left.is_empty())
            {
                let sql = crate::leftovers::select(service, &name, &table, 0).sql();
                database.prepare(&sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
        }
    }
}
