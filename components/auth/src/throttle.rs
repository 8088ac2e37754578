//! How often a sign-in may fail: guessing passwords must be slow, wherever the guesses come from.

use boxoffice_common::db::{Connection, Transaction};
use boxoffice_common::problem::Result;
use boxoffice_common::{Problem, Timestamp, params};

use crate::SERVICE;

/// Failed sign-ins of one address that a window allows.
const ALLOWED: i64 = 10;
/// The window's length, in seconds.
const WINDOW_SECONDS: i64 = 15 * 60;

/// Lets a sign-in for `email` be tried.
///
/// # Errors
/// 429 with how long to wait, when too many have failed.
pub(crate) async fn admit(email: &str) -> Result<()> {
    let now = Timestamp::now();
    let sql = "SELECT failures, window_ends_at FROM auth_failures \
               WHERE email = ?1 AND window_ends_at > ?2";
    let connection = Connection::open(&SERVICE).await?;
    let Some(row) = connection.first(sql, params![email, now]).await? else { return Ok(()) };
    if row.get::<i64>("failures")? < ALLOWED {
        return Ok(());
    }
    let wait = row.get::<Timestamp>("window_ends_at")?.as_millis() - now.as_millis();
    let seconds = wait / 1000 + 1;
    let minutes = seconds / 60 + 1;
    Err(Problem::too_many(
        format!("Too many failed sign-ins for this address; try again in {minutes} minutes"),
        seconds,
    ))
}

/// Counts a failed sign-in for `email`.
pub(crate) async fn count_failure(email: &str) -> Result<()> {
    let now = Timestamp::now();
    let sql = "INSERT INTO auth_failures (email, failures, window_ends_at) VALUES (?1, 1, ?2) \
               ON CONFLICT (email) DO UPDATE SET \
               failures = CASE WHEN auth_failures.window_ends_at > ?3 \
                               THEN auth_failures.failures + 1 ELSE 1 END, \
               window_ends_at = CASE WHEN auth_failures.window_ends_at > ?3 \
                               THEN auth_failures.window_ends_at ELSE excluded.window_ends_at END";
    let transaction = Transaction::begin(&SERVICE).await?;
    transaction.execute(sql, params![email, now.plus_seconds(WINDOW_SECONDS), now]).await?;
    // Windows that are over count for nothing; nobody else removes them.
    let stale = "DELETE FROM auth_failures WHERE window_ends_at <= ?1";
    transaction.execute(stale, params![now]).await?;
    Ok(transaction.commit().await?)
}

/// Forgets the failures of `email`, whose owner has signed in.
pub(crate) async fn forget(email: &str) -> Result<()> {
    let connection = Connection::open(&SERVICE).await?;
    connection.query("DELETE FROM auth_failures WHERE email = ?1", params![email]).await?;
    Ok(())
}
