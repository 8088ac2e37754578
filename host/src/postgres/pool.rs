//! Connections, kept in a pool for each address and lent to one guest at a time.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boxoffice_host_bindings::platform::spin::postgres::postgres as wit;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime,
};
use futures::TryStreamExt;
use futures::future::join;
use tokio_postgres::config::{Config, Host};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, NoTls, Row};

use super::failed;
use super::residue::{Residue, is_plain_begin};
use super::types::Parameter;
use crate::allowed_hosts::Target;
use crate::state::Grants;

/// Connections to one address.
const POOL_SIZE: usize = 64;

/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(30);

/// Addresses that keep their pool.
const POOLS_KEPT: usize = 16;

/// How long a guest waits for a connection before it is told that there is none.
const WAIT: Duration = Duration::from_secs(30);

/// Statements that a connection keeps prepared. Guests may build texts without end.
const STATEMENTS_KEPT: usize = 256;

/// Makes a connection as good as new: first of all it ends what a guest left open. A `ROLLBACK` alone
/// would have Postgres log a warning each time that nothing was. Where a transaction has failed, this
/// fails, too, and the connection is closed.
const RECYCLE: &str = "BEGIN; ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; \
                       UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES;";

/// The pools of an application, by address.
#[derive(Default)]
pub(crate) struct Pools(Mutex<HashMap<String, Known>>);

/// What an address comes to.
#[derive(Clone)]
struct Known {
    pool: Pool,
    targets: Arc<[Result<Target, String>]>,
}

impl Pools {
    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        // A map of handles: whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pool of an address that `grants` allow.
    ///
    /// # Errors
    /// The address is none, or is denied.
    pub(super) fn get(&self, grants: &Grants, address: &str) -> Result<Pool, wit::Error> {
        let found = self.known().get(address).cloned();
        let known = match found {
            Some(known) => known,
            None => Known::new(address)?,
        };
        known.check(grants)?;
        let mut pools = self.known();
        if !pools.contains_key(address) && pools.len() >= POOLS_KEPT {
            pools.clear();
        }
        // Somebody else may have been first, and their pool has connections by now.
        Ok(pools.entry(address.to_owned()).or_insert(known).pool.clone())
    }

    /// Closes connections that nobody has used for a while.
    pub(crate) fn tidy(&self) {
        for known in self.known().values() {
            known.pool.retain(|_, metrics| metrics.last_used() < IDLE);
        }
    }
}

impl Known {
    fn new(address: &str) -> Result<Self, wit::Error> {
        let config: Config = address.parse().map_err(not_connected)?;
        let targets = targets(&config);
        Ok(Self { targets, pool: build_pool(config)? })
    }

    /// Refuses hosts that the component may not reach.
    fn check(&self, grants: &Grants) -> Result<(), wit::Error> {
        for target in self.targets.iter() {
            let target = target.as_ref().map_err(not_connected)?;
            if !grants.allow(target) {
                return Err(not_connected(format!("address {target} is not permitted")));
            }
        }
        Ok(())
    }
}

fn targets(config: &Config) -> Arc<[Result<Target, String>]> {
    let ports = config.get_ports();
    let target = |(n, host): (usize, &Host)| {
        let Host::Tcp(host) = host else {
            return Err("components cannot use Unix sockets".to_owned());
        };
        let port = ports.get(n).or(if ports.len() == 1 { ports.first() } else { None });
        let url = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        Target::parse(&url, "postgres")
            .map_err(|_| format!("address postgres://{url} is not permitted"))
    };
    config.get_hosts().iter().enumerate().map(target).collect()
}

fn build_pool(config: Config) -> Result<Pool, wit::Error> {
    // What comes back is as good as new already; here, only connections that were lost are left out.
    let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match boxoffice_tls::connector(&config).map_err(not_connected)? {
        Some(tls) => Manager::from_config(config, tls, manager_config),
        None => Manager::from_config(config, NoTls, manager_config),
    };
    Pool::builder(manager)
        .runtime(Runtime::Tokio1)
        .max_size(POOL_SIZE)
        // The one that was used last is lent first, so that a steady load keeps what it needs.
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .build()
        .map_err(not_connected)
}

fn not_connected(error: impl std::fmt::Display) -> wit::Error {
    wit::Error::ConnectionFailed(error.to_string())
}

/// A connection on loan from its pool.
pub(super) struct Loan {
    /// None only while it is dropped.
    object: Option<Object>,
    residue: Residue,
    /// The `BEGIN` that the guest has sent and Postgres has not seen: the next statement takes it along,
    /// for one way there and back instead of two.
    beginning: Mutex<Option<String>>,
}

impl Loan {
    /// Lends a connection.
    pub(super) fn new(object: Object) -> Self {
        Self { object: Some(object), residue: Residue::default(), beginning: Mutex::default() }
    }

    /// Runs a statement, which is prepared once for each connection.
    ///
    /// # Errors
    /// What Postgres says.
    pub(super) async fn run(
        &self,
        sql: &str,
        parameters: &[Parameter],
    ) -> Result<Found, wit::Error> {
        let given_back = || wit::Error::Other("the connection was already given back".to_owned());
        let object = self.object.as_ref().ok_or_else(given_back)?;
        let is_alone = self.residue.is_none();
        self.residue.sending(sql);
        if is_alone && is_plain_begin(sql) {
            *self.beginning() = Some(sql.to_owned());
            return Ok(Found::default());
        }
        let found = match self.send(object, sql, parameters).await {
            // Of its transaction nothing is left to go on with; alone, it has not begun.
            Err(error) if is_outdated(&error) => {
                object.statement_cache.clear();
                if !is_alone {
                    return Err(failed(error));
                }
                run_prepared(object, sql, parameters).await
            }
            found => found,
        };
        if found.is_ok() {
            self.residue.sent(sql);
        }
        found.map_err(failed)
    }

    /// Sends a statement, and before it the `BEGIN` that waits for it.
    async fn send(
        &self,
        object: &Object,
        sql: &str,
        parameters: &[Parameter],
    ) -> Result<Found, Error> {
        let beginning = self.beginning().take();
        let running = run_prepared(object, sql, parameters);
        let Some(beginning) = beginning else { return running.await };
        // Each is sent when its outcome is first asked for: in this order.
        let (begun, found) = join(object.batch_execute(&beginning), running).await;
        begun.and(found)
    }

    fn beginning(&self) -> MutexGuard<'_, Option<String>> {
        // A text or none: whole at any time.
        self.beginning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a statement answered with.
#[derive(Default)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    /// How many rows it changed, or read.
    pub(super) affected: u64,
}

async fn run_prepared(
    object: &Object,
    sql: &str,
    parameters: &[Parameter],
) -> Result<Found, Error> {
    let statements = &object.statement_cache;
    if statements.size() >= STATEMENTS_KEPT {
        statements.clear();
    }
    let statement = object.prepare_cached(sql).await?;
    let parameters = parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync));
    let mut found = pin!(object.query_raw(&statement, parameters).await?);
    let mut rows = Vec::new();
    while let Some(row) = found.try_next().await? {
        rows.push(row);
    }
    Ok(Found { rows, affected: found.rows_affected().unwrap_or_default() })
}

/// Whether a prepared statement does not fit the tables any more: they were changed under it.
fn is_outdated(error: &Error) -> bool {
    let changed = [SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME];
    error.code().is_some_and(|code| changed.contains(code))
}

impl Drop for Loan {
    /// Makes the connection as good as new before it goes back. Whoever was stopped in the midst of a
    /// transaction has left it open: its locks must not last until somebody else is lent the same
    /// connection.
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        if self.residue.is_none() || self.beginning().is_some() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(object));
            return;
        };
        let is_lasting = self.residue.is_lasting();
        runtime.spawn(async move {
            // What cannot be mended is closed, which ends its transaction, too.
            if object.batch_execute(RECYCLE).await.is_err() {
                drop(Object::take(object));
            } else if is_lasting {
                // They may have been about temporary tables, or deallocated.
                object.statement_cache.clear();
            }
        });
    }
}
