//! How often a sign-in may fail: guessing passwords must be slow, wherever the guesses come from.

use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::{Cx, Timestamp, Unit, log, query, unit};

use crate::SERVICE;
use crate::refusal::{Refusal, Result};

/// Failed sign-ins of one address that a window allows.
const ALLOWED: i64 = 10;
/// The window's length, in seconds.
const WINDOW_SECONDS: i64 = 15 * 60;
/// How many windows that are over one sign-in removes.
const SWEPT: i64 = 100;

/// Lets a sign-in for `email` be tried, and counts it as failed until [`forget`] says otherwise: as
/// many guesses at once as one likes are no more guesses than one after the other.
pub(crate) async fn admit(cx: &Cx, email: &str) -> Result<()> {
    let now = Timestamp::now();
    unit::run(cx, &SERVICE, async |unit| {
        match unit.change_alone(counting(email, now)).await? {
            Some((1_i64,)) => sweep(cx, unit, now).await,
            Some(_) => {}
            None => return Err(refusal(unit, email, now).await?),
        }
        Ok(())
    })
    .await
}

/// Says how long to wait.
async fn refusal(read: &mut impl Read, email: &str, now: Timestamp) -> db::Result<Refusal> {
    let ends = read.read::<(Timestamp,)>(window(email)).await?.map_or(now, |(ends,)| ends);
    Ok(Refusal::TooManyFailures { seconds: (ends.as_millis() - now.as_millis() + 999) / 1000 })
}

/// Counts a failure, if there may be another. It alone decides; a window that is over begins again.
pub(crate) fn counting(email: &str, now: Timestamp) -> Query {
    query!(
        "INSERT INTO auth_failures (email, failures, window_ends_at) VALUES (?1, 1, ?2) \
         ON CONFLICT (email) DO UPDATE SET \
         failures = CASE WHEN auth_failures.window_ends_at <= ?4 THEN 1 \
             ELSE auth_failures.failures + 1 END, \
         window_ends_at = CASE WHEN auth_failures.window_ends_at <= ?4 \
             THEN excluded.window_ends_at ELSE auth_failures.window_ends_at END \
         WHERE auth_failures.failures < ?3 OR auth_failures.window_ends_at <= ?4 \
         RETURNING failures",
        email,
        now.plus_seconds(WINDOW_SECONDS),
        ALLOWED,
        now
    )
}

pub(crate) fn window(email: &str) -> Query {
    query!("SELECT window_ends_at FROM auth_failures WHERE email = ?1", email)
}

/// Removes windows that are over, which count for nothing: nobody else does. If that fails, the next
/// sign-in does it.
async fn sweep(cx: &Cx, unit: &mut Unit<'_>, now: Timestamp) {
    if let Err(error) = unit.change_alone::<()>(sweeping(now)).await {
        log::failed(cx, "removing failures that count for nothing any more", &error.into());
    }
}

/// Leaves those that somebody is at work on to the next sign-in.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH stale AS (SELECT email FROM auth_failures WHERE window_ends_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_failures WHERE email IN (SELECT email FROM stale)",
        now,
        SWEPT
    )
}

/// Forgets the failures of `email`, whose owner has signed in.
pub(crate) async fn forget(cx: &Cx, email: &str) -> db::Result<()> {
    unit::change::<()>(cx, &SERVICE, forgetting(email)).await.map(drop)
}

pub(crate) fn forgetting(email: &str) -> Query {
    query!("DELETE FROM auth_failures WHERE email = ?1", email)
}
