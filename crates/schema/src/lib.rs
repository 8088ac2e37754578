//! How the services' tables come to be: each service migrates its own when it is first called, and
//! `boxoffice migrate` migrates those of all.
//!
//! What the tables are is for each service to say, in its own `migrations/`. No service is named here.

/// The tables that every service has; `{s}` stands for its name.
const COMMON: &str = include_str!("../migrations/0001_outbox.sql");
/// A migration of the tables that every service has: from here on the outbox knows where in its
/// stream an event is, and keeps it until everybody has had it.
pub const OUTBOX_ENTRIES: &str = include_str!("../migrations/0002_outbox_entries.sql");
/// A migration of services that limit how often something is done.
pub const LIMITS: &str = include_str!("../migrations/0003_limits.sql");
/// A migration of services that know of people: the accounts that are deleted.
pub const DELETED: &str = include_str!("../migrations/0004_deleted.sql");

/// A service: the owner of a set of tables, of a consumer group, and of the events it emits.
#[derive(Debug)]
pub struct Service {
    /// The service's name: prefix of its tables, name of its consumer group, source of its events.
    pub name: &'static str,
    /// The variable that says where its database is: Postgres's address, or empty for SQLite. Its
    /// name is empty for a service that has none.
    pub db_url: &'static str,
    /// The schema's history, oldest first; each text holds statements that end in `;` and a line
    /// end, in which `{s}` stands for the service's name. Append only: what has been applied
    /// somewhere is never edited.
    pub migrations: &'static [&'static str],
}

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
/// which they are to be run, in one transaction; `now` is in milliseconds since 1970. None if there is
/// nothing to do.
#[must_use]
pub fn upgrade(service: &Service, version: i64, now: i64) -> Vec<String> {
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
            now
        ));
    }
    all
}

/// The statements of `text`, which end in `;` and a line end.
fn statements(service: &Service, text: &str) -> Vec<String> {
    let text = text.replace("{s}", service.name);
    // Comments alone are no statement: SQLite would say that it was misused.
    let has_code = |statement: &&str| {
        statement.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with("--"))
    };
    let statements = text.split(";\n").map(str::trim).filter(has_code);
    statements.map(str::to_owned).collect()
}

/// The statement that waits until nobody else migrates `service`'s tables on Postgres; the lock goes
/// with the transaction.
#[must_use]
pub fn migration_lock(service: &Service) -> String {
    format!(
        "SELECT 1 AS locked FROM \
         pg_advisory_xact_lock(hashtextextended('boxoffice migrates {}', 0))",
        service.name
    )
}

/// A migration's statement for Postgres, whose own order of texts depends on the machine; ours is
/// SQLite's: by their bytes.
#[must_use]
pub fn postgres_schema(sql: &str) -> String {
    sql.replace(" TEXT", " TEXT COLLATE \"C\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    static TIMERS: Service = Service {
        name: "timers",
        db_url: "",
        migrations: &[
            "CREATE TABLE {s}_timers (id TEXT);\nCREATE INDEX i ON {s}_timers (id);\n",
            OUTBOX_ENTRIES,
            "ALTER TABLE {s}_timers ADD COLUMN due BIGINT;\n-- The rest\n-- is as it was.\n",
        ],
    };

    #[test]
    fn an_upgrade_holds_what_is_missing_and_notes_it() {
        let all = upgrade(&TIMERS, 0, 7);
        assert!(all[0].starts_with("CREATE TABLE timers_outbox"), "{all:?}");
        let noted = |version| {
            format!("INSERT INTO timers_migrations (version, applied_at) VALUES ({version}, 7)")
        };
        let last = upgrade(&TIMERS, newest(&TIMERS) - 1, 7);
        assert_eq!(last, ["ALTER TABLE timers_timers ADD COLUMN due BIGINT".to_owned(), noted(3)]);
        assert!(all.ends_with(&last) && all.contains(&noted(1)) && all.contains(&noted(2)));
        assert!(upgrade(&TIMERS, newest(&TIMERS), 7).is_empty());
    }

    #[test]
    fn postgres_compares_texts_by_their_bytes() {
        let sql = "CREATE TABLE t (id TEXT PRIMARY KEY, n BIGINT)";
        let collated = "CREATE TABLE t (id TEXT COLLATE \"C\" PRIMARY KEY, n BIGINT)";
        assert_eq!(postgres_schema(sql), collated);
    }
}
