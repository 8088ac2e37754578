//! Reading.

use send_wrapper::SendWrapper;

use super::lease::Lease;
use super::retry::{Again, retry};
use super::{Error, Query, Record, Result, Row, migrate};
use crate::Service;

/// Something to read by: a [`Reader`], or a [`Unit`](crate::Unit), which sees its own changes.
#[allow(async_fn_in_trait, reason = "used within one component, on its one thread")]
pub trait Read {
    /// Reads all rows that `query`, a `SELECT`, answers with.
    ///
    /// # Errors
    /// What the database says.
    async fn read_all<T: Row>(&mut self, query: Query) -> Result<Vec<T>>;

    /// Reads the first row, if there is one.
    ///
    /// # Errors
    /// What the database says.
    async fn read<T: Row>(&mut self, query: Query) -> Result<Option<T>> {
        Ok(self.read_all(query).await?.into_iter().next())
    }
}

/// A connection that only reads, for as long as it lives. It is taken for the first statement.
pub struct Reader {
    service: &'static Service,
    lease: Option<Lease>,
}

impl Reader {
    /// Returns a reader of `service`'s tables.
    #[must_use]
    pub const fn new(service: &'static Service) -> Self {
        Self { service, lease: None }
    }

    async fn records(&mut self, query: &Query) -> Result<Vec<Record>> {
        if !query.is_read() {
            return Err(Error::Failed(format!("a reader cannot change anything: {}", query.sql)));
        }
        SendWrapper::new(retry(async || {
            let outcome = match open(self.service, &mut self.lease).await {
                Ok(lease) => lease.query(&query.sql, &query.params).await,
                Err(error) => return Err((error, Again::Never)),
            };
            outcome.map_err(|error| match error {
                Error::Undone(_) => (error, Again::Later),
                Error::Lost(_) => {
                    self.lease = None;
                    (error, Again::Later)
                }
                error => (error, Again::Never),
            })
        }))
        .await
    }
}

impl Read for Reader {
    async fn read_all<T: Row>(&mut self, query: Query) -> Result<Vec<T>> {
        rows(&self.records(&query).await?)
    }
}

/// Reads each of `records` as a `T`.
pub(crate) fn rows<T: Row>(records: &[Record]) -> Result<Vec<T>> {
    records.iter().map(T::read).collect()
}

/// Returns the connection in `lease`, and takes one first if it is empty: to `service`'s tables,
/// migrated to the newest schema.
pub(crate) async fn open<'l>(
    service: &'static Service,
    lease: &'l mut Option<Lease>,
) -> Result<&'l mut Lease> {
    match lease {
        Some(lease) => Ok(lease),
        None => {
            let taken = migrate::once(service, Lease::take(service).await?).await?;
            Ok(lease.insert(taken))
        }
    }
}
