//! Migrations: forward only, each applied once, however many instances start together.

use std::cell::Cell;
use std::time::Duration;

use send_wrapper::SendWrapper;

use super::{Error, Result, sqlite};
use crate::params;
use crate::{Service, Timestamp};

thread_local! {
    /// Whether this instance has seen the newest schema. One service an instance.
    static DONE: Cell<bool> = const { Cell::new(false) };
}

/// The tables that every service has; `{s}` stands for its name.
const COMMON: &str = include_str!("../../migrations/0001_outbox.sql");

/// A migration of the tables that every service has: from here on the outbox knows where in its
/// stream an event is, and keeps it until everybody has had it.
pub const OUTBOX_ENTRIES: &str = include_str!("../../migrations/0002_outbox_entries.sql");

/// How often a step that found the database busy is tried, [`PAUSE`] apart.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// Brings `service`'s tables up to its newest migration; after the first time in an instance,
/// does nothing.
pub(super) async fn once(service: &'static Service, lease: &sqlite::Lease) -> Result<()> {
    if DONE.get() {
        return Ok(());
    }
    let newest = i64::try_from(service.migrations.len()).unwrap_or(i64::MAX);
    if applied(service, lease).await? < newest {
        let mut attempt = 1;
        loop {
            match migrate(service).await {
                Err(Error::Busy(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    SendWrapper::new(spin_sdk::time::sleep(PAUSE)).await;
                }
                outcome => break outcome?,
            }
        }
    }
    DONE.set(true);
    Ok(())
}

/// How many migrations the database has seen. 0 where there is no table of them yet.
async fn applied(service: &'static Service, lease: &sqlite::Lease) -> Result<i64> {
    let sql =
        format!("SELECT COALESCE(MAX(version), 0) AS version FROM {}_migrations", service.name);
    match lease.query(&sql, &[]).await {
        Ok(rows) => rows.first().map_or(Ok(0), |row| row.get("version")),
        Err(Error::Failed(text)) if text.contains("no such table") => Ok(0),
        Err(error) => Err(error),
    }
}

async fn migrate(service: &'static Service) -> Result<()> {
    let mut lease = sqlite::Lease::take().await?;
    sqlite::enable_wal(&lease).await?;
    // The write lock lets one instance in; the others find the work done when their turn comes.
    lease.begin().await?;
    let name = service.name;
    let table = format!(
        "CREATE TABLE IF NOT EXISTS {name}_migrations (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)"
    );
    lease.query(&table, &[]).await?;
    let from = usize::try_from(applied(service, &lease).await?).unwrap_or(usize::MAX);
    for (index, text) in service.migrations.iter().enumerate().skip(from) {
        if index == 0 {
            apply(service, &lease, COMMON).await?;
        }
        apply(service, &lease, text).await?;
        let sql = format!("INSERT INTO {name}_migrations (version, applied_at) VALUES (?1, ?2)");
        let version = i64::try_from(index + 1).unwrap_or(i64::MAX);
        lease.query(&sql, params![version, Timestamp::now()]).await?;
    }
    lease.commit().await
}

/// Runs each statement of `text`, which end in `;` and a line end.
async fn apply(service: &'static Service, lease: &sqlite::Lease, text: &str) -> Result<()> {
    let text = text.replace("{s}", service.name);
    for statement in text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        lease.query(statement, &[]).await?;
    }
    Ok(())
}
