//! Bringing the services' tables up to date before the services do so themselves: a new version's
//! replicas then find everything ready, and none of them needs the right to change tables.

use boxoffice_contract::Timestamp;
use boxoffice_schema::{migration_lock, newest, postgres_schema, version, versions_table};
use tokio_postgres::{Client, Transaction};

use crate::postgres::{causes, connect};
use crate::schema::{self, Service};
use crate::sources::Problem;
use crate::store::{Database, Databases};

/// What became of a service's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The service.
    pub service: &'static str,
    /// From which version, to which; 0 is none. `None`: its tables are in a SQLite file, which the
    /// shop migrates when it opens it.
    pub versions: Option<(i64, i64)>,
}

/// Migrates every service's tables that are in a Postgres to the newest version; a version that is
/// newer than this build's is left as it is. Each service is one transaction, and whoever else
/// migrates it waits.
///
/// # Errors
/// When a database cannot be reached, or refuses. The services before it are migrated then.
pub async fn migrate(databases: &Databases) -> Result<Vec<Migrated>, Problem> {
    let mut all = Vec::new();
    for service in schema::ALL {
        let versions = match databases.of(service.name) {
            Database::Sqlite(_) => None,
            Database::Postgres(url) => Some(upgrade(service, url).await?),
        };
        all.push(Migrated { service: service.name, versions });
    }
    Ok(all)
}

async fn upgrade(service: &'static Service, url: &str) -> Result<(i64, i64), Problem> {
    let client = connect(url).await?;
    upgrade_by(client, service).await.map_err(|error| {
        Problem::new(
            format!("the tables of {} cannot be migrated: {}", service.name, causes(&error)),
            "allow this user to create and change tables there, and run it again: no table is \
             left half migrated",
        )
    })
}

async fn upgrade_by(
    mut client: Client,
    service: &'static Service,
) -> Result<(i64, i64), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(&migration_lock(service)).await?;
    define(&transaction, &versions_table(service)).await?;
    let from: i64 = transaction.query_one(&version(service), &[]).await?.get(0);
    for statement in boxoffice_schema::upgrade(service, from, Timestamp::now().as_millis()) {
        define(&transaction, &statement).await?;
    }
    transaction.commit().await?;
    Ok((from, from.max(newest(service))))
}

async fn define(
    transaction: &Transaction<'_>,
    statement: &str,
) -> Result<(), tokio_postgres::Error> {
    transaction.batch_execute(&postgres_schema(statement)).await
}
