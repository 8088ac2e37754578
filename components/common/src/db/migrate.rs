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
const COMMON: &str = "
CREATE TABLE {s}_outbox (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    published_at BIGINT
);
CREATE INDEX {s}_outbox_waiting ON {s}_outbox (created_at) WHERE published_at IS NULL;
CREATE INDEX {s}_outbox_published ON {s}_outbox (published_at) WHERE published_at IS NOT NULL;
CREATE TABLE {s}_idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX {s}_idempotency_age ON {s}_idempotency (created_at);
";

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
            apply(&lease, &COMMON.replace("{s}", name)).await?;
        }
        apply(&lease, text).await?;
        let sql = format!("INSERT INTO {name}_migrations (version, applied_at) VALUES (?1, ?2)");
        let version = i64::try_from(index + 1).unwrap_or(i64::MAX);
        lease.query(&sql, params![version, Timestamp::now()]).await?;
    }
    lease.commit().await
}

/// Runs each statement of `text`, which end in `;` and a line end.
async fn apply(lease: &sqlite::Lease, text: &str) -> Result<()> {
    for statement in text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        lease.query(statement, &[]).await?;
    }
    Ok(())
}
