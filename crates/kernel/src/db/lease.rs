//! A connection to whichever database the service was given.

use super::dialect::Statement;
use super::{Error, Result, Row, Value, postgres, sqlite};
use crate::{Service, config};

/// A connection in the hands of one request.
pub(super) enum Lease {
    Sqlite(sqlite::Lease),
    Postgres(postgres::Lease),
}

impl Lease {
    /// A connection to `service`'s database.
    pub(super) async fn take(service: &'static Service) -> Result<Self> {
        let url = config::variable(service.db_url).await;
        let url = url.map_err(|error| Error::Failed(format!("{error:#}")))?;
        Ok(match url.trim() {
            "" => Self::Sqlite(sqlite::Lease::take().await?),
            url => Self::Postgres(postgres::Lease::take(url).await?),
        })
    }

    pub(super) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(lease) => lease.query(sql, params).await,
            Self::Postgres(lease) => lease.query(sql, params).await,
        }
    }

    /// Runs a statement of a migration.
    pub(super) async fn define(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(lease) => lease.define(sql).await,
            Self::Postgres(lease) => lease.define(sql).await,
        }
    }

    /// Begins a transaction, unless one has begun.
    pub(super) async fn begin(&self) -> Result<()> {
        match self {
            Self::Sqlite(lease) => lease.begin().await,
            Self::Postgres(lease) => lease.begin().await,
        }
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
        }
    }

    /// Runs `guards`, of which each must change something, and `inserts`, none of which depend on one
    /// another, and commits the transaction, whether or not it has begun.
    pub(super) async fn commit(&self, guards: &[Statement], inserts: &[Statement]) -> Result<()> {
        match self {
            Self::Sqlite(lease) => lease.commit(guards, inserts).await,
            Self::Postgres(lease) => lease.commit(guards, inserts).await,
        }
    }
}
