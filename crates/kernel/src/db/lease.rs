//! A connection to whichever database the service was given.

#[cfg(test)]
use super::fake;
use super::{Error, Query, Record, Result, Value, postgres, sqlite};
use crate::{Service, config};

/// A connection in the hands of one request.
pub(crate) enum Lease {
    Sqlite(sqlite::Lease),
    Postgres(postgres::Lease),
    #[cfg(test)]
    Fake(fake::Lease),
}

impl Lease {
    /// A connection to `service`'s database.
    pub(super) async fn take(service: &'static Service) -> Result<Self> {
        #[cfg(test)]
        if let Some(lease) = fake::take() {
            return Ok(Self::Fake(lease));
        }
        let url = config::variable(service.db_url).await;
        let url = url.map_err(|error| Error::Failed(format!("{error:#}")))?;
        Ok(match url.trim() {
            "" => Self::Sqlite(sqlite::Lease::take().await?),
            url => Self::Postgres(postgres::Lease::take(url).await?),
        })
    }

    pub(crate) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Record>> {
        match self {
            Self::Sqlite(lease) => lease.query(sql, params).await,
            Self::Postgres(lease) => lease.query(sql, params).await,
            #[cfg(test)]
            Self::Fake(lease) => lease.query(sql, params),
        }
    }

    /// Runs a statement of a migration.
    pub(super) async fn define(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(lease) => lease.define(sql).await,
            Self::Postgres(lease) => lease.define(sql).await,
            #[cfg(test)]
            Self::Fake(lease) => lease.query(sql, &[]).map(drop),
        }
    }

    /// Begins a transaction, unless one has begun.
    pub(crate) async fn begin(&self) -> Result<()> {
        match self {
            Self::Sqlite(lease) => lease.begin().await,
            Self::Postgres(lease) => lease.begin().await,
            #[cfg(test)]
            Self::Fake(lease) => lease.begin(),
        }
    }

    /// Whether a transaction has begun.
    pub(crate) fn has_begun(&self) -> bool {
        match self {
            Self::Sqlite(lease) => lease.has_begun(),
            Self::Postgres(lease) => lease.has_begun(),
            #[cfg(test)]
            Self::Fake(lease) => lease.has_begun(),
        }
    }

    /// Whether the database locks row by row.
    pub(crate) const fn locks_rows(&self) -> bool {
        !matches!(self, Self::Sqlite(_))
    }

    /// Begins the transaction in which `service` is migrated: one at a time, while the others wait.
    pub(super) async fn begin_migration(&self, service: &Service) -> Result<()> {
        match self {
            Self::Sqlite(lease) => {
                sqlite::enable_wal(lease).await?;
                lease.begin().await
            }
            Self::Postgres(lease) => {
                lease.begin().await?;
                lease.query(&boxoffice_schema::migration_lock(service), &[]).await.map(drop)
            }
            #[cfg(test)]
            Self::Fake(lease) => lease.begin(),
        }
    }

    /// Runs `guards`, of which each must change something, and `inserts`, none of which depend on one
    /// another, and commits the transaction, whether or not it has begun.
    pub(crate) async fn commit(&self, guards: &[Query], inserts: &[Query]) -> Result<()> {
        match self {
            Self::Sqlite(lease) => lease.commit(guards, inserts).await,
            Self::Postgres(lease) => lease.commit(guards, inserts).await,
            #[cfg(test)]
            Self::Fake(lease) => lease.commit(guards, inserts),
        }
    }
}
