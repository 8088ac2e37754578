//! Storage: SQLite through `spin:sqlite`, or Postgres through `spin:postgres` where the service's
//! variable `<service>_db_url` names one.
//!
//! | module | holds |
//! |---|---|
//! | [`sqlite`], [`postgres`] | a connection, and what the database says in our words |
//! | [`lease`] | whichever of them the service was given |
//! | [`dialect`] | where their SQL differs; services write it once |
//! | [`migrate`] | bringing a service's tables up to date |
//! | [`value`], [`error`] | what goes in, what comes out, what goes wrong |
//!
//! A connection is used by one request at a time. A component instance serves several requests
//! at once, and a transaction spans awaits: two requests on one connection would write into each
//! other's transaction. And a request holds one connection at a time: within a transaction it reads
//! by that transaction ([`Read`]), or many requests that each hold one and wait for a second would
//! wait for one another.

mod dialect;
mod error;
mod lease;
mod migrate;
mod postgres;
mod sqlite;
mod value;

pub use error::{Constraint, Error};
pub use value::{FromValue, Row, Value, list, padded, places};

use std::time::Duration;

use boxoffice_contract::news::TicketNews;
use dialect::Statement;
use lease::Lease;
use send_wrapper::SendWrapper;
use uuid::Uuid;

use crate::events::{Event, outbox};
use crate::{Service, Trace, config};

/// A `Result` whose error is the database's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How often what others were in the way of is tried.
pub(crate) const ATTEMPTS: u32 = 5;

/// Waits a little before what failed for the `attempt`th time, the first being 1, is tried again;
/// longer each time, and not all as long.
pub(crate) async fn pause(attempt: u32) {
    let (_, random) = Uuid::now_v7().as_u64_pair();
    let pause = Duration::from_millis((5 << attempt.min(5)) + random % 10);
    SendWrapper::new(spin_sdk::time::sleep(pause)).await;
}

/// Whether `service`'s database is a server, which others ask too, and not a file.
///
/// # Errors
/// As [`config::variable`].
pub async fn is_server(service: &'static Service) -> anyhow::Result<bool> {
    Ok(!config::variable(service.db_url).await?.trim().is_empty())
}

/// Something to read by: a connection, or a transaction that sees its own changes.
#[allow(async_fn_in_trait, reason = "used within one component, on its one thread")]
pub trait Read {
    /// All rows that `sql` answers with.
    ///
    /// # Errors
    /// What the database says.
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>>;

    /// The first row that `sql` answers with: with `RETURNING`, whether a guarded statement
    /// changed anything.
    ///
    /// # Errors
    /// What the database says.
    async fn first(&self, sql: &str, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }
}

/// A connection for reading, and for single statements that change something.
pub struct Connection {
    service: &'static Service,
    lease: Lease,
}

impl Connection {
    /// A connection to `service`'s tables, migrated to the newest schema.
    ///
    /// # Errors
    /// When the database cannot be opened or migrated.
    pub async fn open(service: &'static Service) -> Result<Self> {
        let lease = migrate::once(service, Lease::take(service).await?).await?;
        Ok(Self { service, lease })
    }

    /// Runs a statement that failed again if that does no harm: what was undone, and what only reads.
    async fn again(&self, sql: &str, params: &[Value], mut error: Error) -> Result<Vec<Row>> {
        let reads = sql.trim_start().starts_with("SELECT");
        for attempt in 1..ATTEMPTS {
            pause(attempt).await;
            let outcome = match error {
                Error::Undone(_) => self.lease.query(sql, params).await,
                Error::Lost(_) if reads => {
                    Lease::take(self.service).await?.query(sql, params).await
                }
                error => return Err(error),
            };
            match outcome {
                Ok(rows) => return Ok(rows),
                Err(next) => error = next,
            }
        }
        Err(error)
    }
}

impl Read for Connection {
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        match self.lease.query(sql, params).await {
            Err(error @ (Error::Undone(_) | Error::Lost(_))) => {
                self.again(sql, params, error).await
            }
            outcome => outcome,
        }
    }
}

/// A transaction; dropped, it is rolled back.
///
/// The database hears of it with the first statement that does not wait for [`Transaction::commit`].
/// From then on it has the database's write lock on SQLite. On Postgres others are at work at the same
/// time: what a statement reads may be changed before the next one, unless the row is locked by having
/// been changed, or read `FOR UPDATE`.
///
/// One of which every statement waits for the commit holds up nobody while it is made up: on SQLite all
/// of it is run in one go, and on Postgres it is a single statement.
pub struct Transaction {
    service: &'static Service,
    trace: Trace,
    lease: Lease,
    guards: Vec<Statement>,
    inserts: Vec<Statement>,
    events: Vec<Event>,
    news: Vec<TicketNews>,
}

impl Transaction {
    /// Begins a transaction on `service`'s tables for what `trace` is of: the request, or the event
    /// that is being handled. The events that are emitted carry it.
    ///
    /// # Errors
    /// [`Error::Busy`] when the database is not to be had.
    pub async fn begin(service: &'static Service, trace: Trace) -> Result<Self> {
        let Connection { lease, .. } = Connection::open(service).await?;
        let (guards, inserts) = (Vec::new(), Vec::new());
        Ok(Self { service, trace, lease, guards, inserts, events: Vec::new(), news: Vec::new() })
    }

    /// Something to read by before the transaction begins, which takes no lock: what it answers with may
    /// not be so any more at the commit, unless a [`Transaction::guard`] makes sure.
    #[must_use]
    pub const fn before(&self) -> Before<'_> {
        Before(self)
    }

    /// Runs `sql` for its effect.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&self, sql: &str, params: &[Value]) -> Result<()> {
        self.query(sql, params).await.map(drop)
    }

    /// Locks the rows that `sql` names, a `SELECT … FOR UPDATE`, until the transaction ends. On SQLite it
    /// has the only lock that there is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock(&self, sql: &str, params: &[Value]) -> Result<()> {
        match self.lease {
            Lease::Sqlite(_) => Ok(()),
            Lease::Postgres(_) => self.execute(sql, params).await,
        }
    }

    /// Has the `UPDATE` that `sql` is, without `RETURNING`, run by [`Transaction::commit`], before all
    /// else that waits for it. It has to change a row, or the commit fails as [`Error::Overtaken`]. It
    /// must not be about a row that another statement of the transaction changes.
    pub fn guard(&mut self, sql: &str, params: &[Value]) {
        let sql = format!("{sql} RETURNING 1 AS changed");
        self.guards.push(Statement { sql, params: params.to_vec() });
    }

    /// Has the `INSERT` that `sql` is run by [`Transaction::commit`], with the others of its kind. It
    /// must depend on none of them, and nothing may want to read it before.
    pub fn insert(&mut self, sql: impl Into<String>, params: &[Value]) {
        self.inserts.push(Statement { sql: sql.into(), params: params.to_vec() });
    }

    /// Has `event` published if, and only if, this transaction commits, with the trace that the
    /// transaction was begun for.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event.caused_by(self.trace));
    }

    /// Has `news` told to the pages that are open once this transaction has committed, if all goes
    /// well.
    pub fn tell(&mut self, news: TicketNews) {
        self.news.push(news);
    }

    /// Commits, and has the emitted events published, and the news told, soon after.
    ///
    /// # Errors
    /// What the database says; nothing was changed then, but with [`Error::Lost`] it is not known.
    pub async fn commit(mut self) -> Result<()> {
        let events = std::mem::take(&mut self.events);
        outbox::store(self.service, &mut self, &events)?;
        self.lease.commit(&self.guards, &self.inserts).await?;
        outbox::later(events, std::mem::take(&mut self.news));
        Ok(())
    }
}

impl Read for Transaction {
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.lease.begin().await.map_err(Error::before_commit)?;
        self.lease.query(sql, params).await.map_err(Error::before_commit)
    }
}

/// A transaction's connection before it begins: see [`Transaction::before`].
pub struct Before<'t>(&'t Transaction);

impl Read for Before<'_> {
    async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.0.lease.query(sql, params).await.map_err(Error::before_commit)
    }
}

/// Builds a statement's parameters, each converted by `Into<Value>`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Value::from($value)),*] };
}
