//! Migrations: forward only, each applied once, however many instances start together.

use std::cell::Cell;
use std::time::Duration;

use send_wrapper::SendWrapper;

use super::lease::Lease;
use super::{Error, Result};
use crate::{Service, Timestamp, schema};

thread_local! {
    /// Whether this instance has seen the newest schema. One service an instance.
    static DONE: Cell<bool> = const { Cell::new(false) };
}

/// How often a step that found the database busy is tried, [`PAUSE`] apart.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// Brings `service`'s tables up to its newest migration; after the first time in an instance,
/// does nothing. A schema that is newer than this build's is left as it is: a rolling update has
/// begun.
pub(super) async fn once(service: &'static Service, lease: Lease) -> Result<Lease> {
    if DONE.get() {
        return Ok(lease);
    }
    if applied(service, &lease).await? >= schema::newest(service) {
        DONE.set(true);
        return Ok(lease);
    }
    // Given back first: who holds a connection while they wait for another may wait for ever.
    drop(lease);
    let mut attempt = 1;
    loop {
        match migrate(service).await {
            Err(Error::Busy(_) | Error::Undone(_)) if attempt < ATTEMPTS => {
                attempt += 1;
                SendWrapper::new(spin_sdk::time::sleep(PAUSE)).await;
            }
            outcome => break outcome?,
        }
    }
    DONE.set(true);
    Lease::take(service).await
}

/// How many migrations the database has seen. 0 where there is no table of them yet.
async fn applied(service: &'static Service, lease: &Lease) -> Result<i64> {
    match lease.query(&schema::version(service), &[]).await {
        Ok(rows) => rows.first().map_or(Ok(0), |row| row.get("version")),
        Err(Error::NoTable(_)) => Ok(0),
        Err(error) => Err(error),
    }
}

async fn migrate(service: &'static Service) -> Result<()> {
    let lease = Lease::take(service).await?;
    // The lock lets one instance in; the others find the work done when their turn comes.
    lease.begin_migration(service).await.map_err(Error::before_commit)?;
    let upgraded = upgrade(service, &lease).await;
    upgraded.map_err(Error::before_commit)?;
    lease.commit(&[], &[]).await
}

async fn upgrade(service: &'static Service, lease: &Lease) -> Result<()> {
    lease.define(&schema::versions_table(service)).await?;
    let version = applied(service, lease).await?;
    for statement in schema::upgrade(service, version, Timestamp::now()) {
        lease.define(&statement).await?;
    }
    Ok(())
}
