//! How often a sign-in may fail: guessing passwords must be slow, wherever the guesses come from.

use boxoffice_common::db::{Connection, Transaction};
use boxoffice_common::problem::Result;
use boxoffice_common::{Problem, Timestamp, params};

use crate::SERVICE;

/// Failed sign-ins of one address that a window allows.
const ALLOWED: i64 = 10;
/// The window's length, in seconds.
const WINDOW_SECONDS: i64 = 15 * 60;

/// Lets a sign-in for `email` be tried, and counts it as failed until [`forget`] says otherwise: as
/// many guesses at once as one likes are no more guesses than one after the other.
///
/// # Errors
/// 429 with how long to wait, when too many have failed.
pub(crate) async fn admit(email: &str) -> Result<()> {
    let now = Timestamp::now();
    let transaction = Transaction::begin(&SERVICE).await?;
    // Windows that are over count for nothing; nobody else removes them.
    let stale = "DELETE FROM auth_failures WHERE window_ends_at <= ?1";
    transaction.execute(stale, params![now]).await?;
    let count = "INSERT INTO auth_failures (email, failures, window_ends_at) VALUES (?1, 1, ?2) \
                 ON CONFLICT (email) DO UPDATE SET failures = auth_failures.failures + 1 \
                 WHERE auth_failures.failures < ?3 RETURNING failures";
    let row = params![email, now.plus_seconds(WINDOW_SECONDS), ALLOWED];
    if transaction.first(count, row).await?.is_some() {
        return Ok(transaction.commit().await?);
    }
    let sql = "SELECT window_ends_at FROM auth_failures WHERE email = ?1";
    let row = transaction.first(sql, params![email]).await?;
    let ends: Timestamp = row.map_or(Ok(now), |row| row.get("window_ends_at"))?;
    let seconds = (ends.as_millis() - now.as_millis() + 999) / 1000;
    let minutes = (seconds + 59) / 60;
    Err(Problem::too_many(
        format!("Too many failed sign-ins for this address; try again in {minutes} minutes"),
        seconds,
    ))
}

/// Forgets the failures of `email`, whose owner has signed in.
pub(crate) async fn forget(email: &str) -> Result<()> {
    let connection = Connection::open(&SERVICE).await?;
    connection.query("DELETE FROM auth_failures WHERE email = ?1", params![email]).await?;
    Ok(())
}
