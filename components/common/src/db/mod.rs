//! Storage. The one place that knows which database there is: today SQLite through `spin:sqlite`.
//!
//! SQL is written with numbered parameters (`?1`), portable types and `RETURNING`, so that another
//! database needs a sibling of [`sqlite`] and nothing else.
//!
//! A connection is used by one request at a time. A component instance serves several requests
//! at once, and a transaction spans awaits: two requests on one connection would write into each
//! other's transaction. Idle connections are kept for the instance's life.

mod error;
mod migrate;
mod sqlite;
mod value;

pub use error::{Constraint, Error};
pub use migrate::OUTBOX_ENTRIES;
pub use value::{FromValue, Row, Value};

use crate::Service;
use crate::events::news::TicketNews;
use crate::events::{Event, outbox};

/// A `Result` whose error is the database's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A connection for reading, and for single statements that change something.
pub struct Connection(sqlite::Lease);

impl Connection {
    /// A connection to `service`'s tables, migrated to the newest schema.
    ///
    /// # Errors
    /// When the database cannot be opened or migrated.
    pub async fn open(service: &'static Service) -> Result<Self> {
        let lease = sqlite::Lease::take().await?;
        migrate::once(service, &lease).await?;
        Ok(Self(lease))
    }

    /// All rows that `sql` answers with.
    ///
    /// # Errors
    /// What the database says.
    pub async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.0.query(sql, params).await
    }

    /// The first row that `sql` answers with.
    ///
    /// # Errors
    /// What the database says.
    pub async fn first(&self, sql: &str, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }
}

/// A transaction that holds the database's write lock from its start; dropped, it is rolled back.
pub struct Transaction {
    service: &'static Service,
    lease: sqlite::Lease,
    events: Vec<Event>,
    news: Vec<TicketNews>,
}

impl Transaction {
    /// Begins a transaction on `service`'s tables.
    ///
    /// # Errors
    /// [`Error::Busy`] when other writers held the lock for too long.
    pub async fn begin(service: &'static Service) -> Result<Self> {
        let Connection(mut lease) = Connection::open(service).await?;
        lease.begin().await?;
        Ok(Self { service, lease, events: Vec::new(), news: Vec::new() })
    }

    /// All rows that `sql` answers with.
    ///
    /// # Errors
    /// What the database says.
    pub async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.lease.query(sql, params).await
    }

    /// The first row that `sql` answers with: with `RETURNING`, whether a guarded statement
    /// changed anything.
    ///
    /// # Errors
    /// What the database says.
    pub async fn first(&self, sql: &str, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Runs `sql` for its effect.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&self, sql: &str, params: &[Value]) -> Result<()> {
        self.query(sql, params).await.map(drop)
    }

    /// Has `event` published if, and only if, this transaction commits.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Has `news` told to the pages that are open once this transaction has committed, if all goes
    /// well.
    pub fn tell(&mut self, news: TicketNews) {
        self.news.push(news);
    }

    /// Commits, and has the emitted events published, and the news told, soon after.
    ///
    /// # Errors
    /// What the database says; nothing was changed then.
    pub async fn commit(mut self) -> Result<()> {
        outbox::store(self.service, &self, &self.events).await?;
        self.lease.commit().await?;
        outbox::later(std::mem::take(&mut self.events), std::mem::take(&mut self.news));
        Ok(())
    }
}

/// Builds a statement's parameters, each converted by `Into<Value>`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Value::from($value)),*] };
}
