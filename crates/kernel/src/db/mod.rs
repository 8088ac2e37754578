//! Storage: SQLite through `spin:sqlite`, or Postgres through `spin:postgres` where the service's
//! variable `<service>_db_url` names one.
//!
//! | module | holds |
//! |---|---|
//! | [`query`], [`row`] | statements, and what they answer with; services make both by macros |
//! | [`read`] | reading; whatever is changed is changed by a [`Unit`](crate::Unit) |
//! | [`retry`] | trying again what others were in the way of |
//! | [`sqlite`], [`postgres`] | a connection, and what the database says in our words |
//! | [`lease`] | whichever of them the service was given |
//! | [`dialect`] | where their SQL differs; services write it once |
//! | [`migrate`] | bringing a service's tables up to date |
//! | [`value`], [`error`] | what goes in, what comes out, what goes wrong |
//! | `statements` | every statement of a package, for the tests that prepare them |
//!
//! A connection is used by one request at a time. A component instance serves several requests
//! at once, and a transaction spans awaits: two requests on one connection would write into each
//! other's transaction. And a request holds one connection at a time: within a unit it reads by that
//! unit ([`Read`]), or many requests that each hold one and wait for a second would wait for one
//! another.

mod dialect;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod lease;
mod migrate;
mod postgres;
mod query;
mod read;
mod retry;
mod row;
mod sqlite;
#[cfg(not(target_family = "wasm"))]
pub mod statements;
mod value;

pub use error::{Constraint, Error};
pub use query::Query;
pub use read::{Read, Reader};
pub use row::{Row, without_comma};
pub use value::{FromValue, Record, Value, list, padded, places};

pub(crate) use lease::Lease;
pub(crate) use read::{open, rows};
pub(crate) use retry::{Again, retry};

use crate::{Service, config};

/// A `Result` whose error is the database's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether `service`'s database is a server, which others ask too, and not a file.
///
/// # Errors
/// As [`config::variable`].
pub async fn is_server(service: &'static Service) -> anyhow::Result<bool> {
    Ok(!config::variable(service.db_url).await?.trim().is_empty())
}

/// Builds a statement's parameters, each converted by `Into<Value>`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Value::from($value)),*] };
}
