//! How often a sign-in may fail: guessing passwords must be slow, wherever the guesses come from.

use boxoffice_kernel::db::{Connection, Read};
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp, params};

use crate::SERVICE;

/// Failed sign-ins of one address that a window allows.
const ALLOWED: i64 = 10;
/// The window's length, in seconds.
const WINDOW_SECONDS: i64 = 15 * 60;
/// How many windows that are over one sign-in removes.
const SWEPT: i64 = 100;

/// Lets a sign-in for `email` be tried, and counts it as failed until [`forget`] says otherwise: as
/// many guesses at once as one likes are no more guesses than one after the other.
///
/// # Errors
/// 429 with how long to wait, when too many have failed.
pub(crate) async fn admit(email: &str) -> Result<()> {
    let now = Timestamp::now();
    let connection = Connection::open(&SERVICE).await?;
    // One statement that decides: a window that is over begins anew.
    let count = "INSERT INTO auth_failures (email, failures, window_ends_at) VALUES (?1, 1, ?2) \
                 ON CONFLICT (email) DO UPDATE SET \
                 failures = CASE WHEN auth_failures.window_ends_at <= ?4 THEN 1 \
                     ELSE auth_failures.failures + 1 END, \
                 window_ends_at = CASE WHEN auth_failures.window_ends_at <= ?4 \
                     THEN excluded.window_ends_at ELSE auth_failures.window_ends_at END \
                 WHERE auth_failures.failures < ?3 OR auth_failures.window_ends_at <= ?4 \
                 RETURNING failures";
    let row = params![email, now.plus_seconds(WINDOW_SECONDS), ALLOWED, now];
    if let Some(row) = connection.first(count, row).await? {
        let is_first = row.get::<i64>("failures")? == 1;
        return if is_first { sweep(&connection, now).await } else { Ok(()) };
    }
    let sql = "SELECT window_ends_at FROM auth_failures WHERE email = ?1";
    let row = connection.first(sql, params![email]).await?;
    let ends: Timestamp = row.map_or(Ok(now), |row| row.get("window_ends_at"))?;
    let seconds = (ends.as_millis() - now.as_millis() + 999) / 1000;
    let minutes = (seconds + 59) / 60;
    Err(Problem::too_many(
        format!("Too many failed sign-ins for this address; try again in {minutes} minutes"),
        seconds,
    ))
}

/// Removes windows that are over, which count for nothing: nobody else does. Those that somebody is
/// at work on are left to the next sign-in.
async fn sweep(connection: &Connection, now: Timestamp) -> Result<()> {
    let sql = "WITH stale AS (SELECT email FROM auth_failures WHERE window_ends_at <= ?1 \
               LIMIT ?2 FOR UPDATE SKIP LOCKED) \
               DELETE FROM auth_failures WHERE email IN (SELECT email FROM stale)";
    connection.query(sql, params![now, SWEPT]).await?;
    Ok(())
}

/// Forgets the failures of `email`, whose owner has signed in.
pub(crate) async fn forget(email: &str) -> Result<()> {
    let connection = Connection::open(&SERVICE).await?;
    connection.query("DELETE FROM auth_failures WHERE email = ?1", params![email]).await?;
    Ok(())
}
