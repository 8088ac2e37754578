//! The one gate that every side effect of a guest passes: each statement, each command, each
//! request that leaves the sandbox. Whoever wants to watch, delay or break the outside world does
//! it here and nowhere else.

use std::fmt;
use std::time::Instant;

/// A call from a guest to the world outside.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call<'c> {
    /// Opening a database, or a statement on it.
    Sqlite(&'c str),
    /// Opening a connection, or a statement on it.
    Postgres(&'c str),
    /// Opening a connection, or a command on it.
    Redis(&'c str),
    /// A request to the given authority.
    Http(&'c str),
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(what) => write!(f, "sqlite {what}"),
            Self::Postgres(what) => write!(f, "postgres {what}"),
            Self::Redis(what) => write!(f, "redis {what}"),
            Self::Http(what) => write!(f, "http {what}"),
        }
    }
}

/// Makes a call in the name of a component. `RUST_LOG=boxoffice_host::call=trace` shows them all.
pub(crate) async fn host_call<T>(
    component: &str,
    call: Call<'_>,
    effect: impl Future<Output = T>,
) -> T {
    if !tracing::enabled!(tracing::Level::TRACE) {
        return effect.await;
    }
    let start = Instant::now();
    let result = effect.await;
    tracing::trace!(component, %call, us = start.elapsed().as_micros() as u64, "host call");
    result
}
