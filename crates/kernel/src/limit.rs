//! How often something may be done within a window of time: by an account, by a client, or by all.
//!
//! A service that limits something has the table `<service>_limits` ([`boxoffice_schema::LIMITS`]). One
//! guarded statement counts and decides, so many requests at once are no more than one after the other.
//! A window begins with the first use and ends by itself.

use crate::db::{self, Query, Read, Reader};
use crate::{Cx, Service, Timestamp, params, query, unit};

/// How many windows that have ended one sweep removes.
const SWEPT: i64 = 500;

/// How often something may be done under one key.
#[derive(Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited, such as `sign-up of a client`. It stands in the database and in the log.
    pub name: &'static str,
    /// How many uses a window has.
    pub allowed: i64,
    /// The window's length, in seconds.
    pub seconds: i64,
}

/// A limit as it holds for one key.
#[derive(Clone, Debug)]
pub struct Counter {
    /// The limit.
    pub limit: &'static Limit,
    /// Who is limited: an account's id, a client's address.
    pub key: String,
}

/// A limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which one.
    pub limit: &'static Limit,
    /// How many seconds are left until the window ends; at least 1.
    pub seconds: i64,
}

impl Limit {
    /// Returns the limit as it holds for `key`.
    pub fn of(&'static self, key: impl ToString) -> Counter {
        Counter { limit: self, key: key.to_string() }
    }
}

/// Counts one use under each of `counters` that has one left. Returns the limit that has none, if there
/// is one: then what was to be done must not be done. [`release`] gives a use back.
///
/// # Errors
/// What the database says.
pub async fn count(
    cx: &Cx,
    service: &'static Service,
    counters: &[Counter],
) -> db::Result<Option<Exceeded>> {
    let now = Timestamp::now();
    let counted: Vec<(String, String)> =
        unit::change_all(cx, service, counting(service, counters, now)).await?;
    let is_counted = |counter: &&Counter| {
        counted.iter().any(|(name, key)| counter.limit.name == name && counter.key == *key)
    };
    let refused: Vec<&Counter> = counters.iter().filter(|counter| !is_counted(counter)).collect();
    match refused.as_slice() {
        [] => Ok(None),
        refused => Ok(Some(longest(service, refused, now).await?)),
    }
}

/// Gives one use of each of `counters` back: what was counted did no harm.
///
/// # Errors
/// What the database says.
pub async fn release(cx: &Cx, service: &'static Service, counters: &[Counter]) -> db::Result<()> {
    unit::change::<()>(cx, service, releasing(service, counters)).await.map(drop)
}

/// Removes windows that have ended, which count for nothing: for a tick. Tells whether there may be more.
///
/// # Errors
/// What the database says.
pub async fn sweep(cx: &Cx, service: &'static Service) -> db::Result<bool> {
    let sweeping = sweeping(service, Timestamp::now());
    let swept: Vec<(String,)> = unit::change_all(cx, service, sweeping).await?;
    Ok(swept.len() >= usize::try_from(SWEPT).unwrap_or(usize::MAX))
}

/// Finds which of `refused` lasts longest.
async fn longest(
    service: &'static Service,
    refused: &[&Counter],
    now: Timestamp,
) -> db::Result<Exceeded> {
    let mut reader = Reader::new(service);
    let mut longest = Exceeded { limit: refused[0].limit, seconds: 1 };
    for counter in refused {
        let found = reader.read::<(i64, Timestamp)>(window(service, counter)).await?;
        let left = found.map_or(1, |(_, ends)| seconds(now, ends));
        if left > longest.seconds {
            longest = Exceeded { limit: counter.limit, seconds: left };
        }
    }
    Ok(longest)
}

/// How many seconds are left at `now`, rounded up.
fn seconds(now: Timestamp, ends: Timestamp) -> i64 {
    ((ends.as_millis() - now.as_millis() + 999) / 1000).max(1)
}

/// Counts under the limits that have room. A window that has ended begins again. The rows come in one
/// order, or two requests could wait for each other.
pub(crate) fn counting(service: &Service, counters: &[Counter], now: Timestamp) -> Query {
    let s = service.name;
    let mut counters: Vec<&Counter> = counters.iter().collect();
    counters.sort_by(|a, b| (a.limit.name, &a.key).cmp(&(b.limit.name, &b.key)));
    let rows: Vec<String> = (0..counters.len())
        .map(|row| {
            let at = 2 + 4 * row;
            format!("(?{at}, ?{}, 1, ?{}, ?{})", at + 1, at + 2, at + 3)
        })
        .collect();
    let rows = rows.join(", ");
    let values = counters.into_iter().flat_map(|Counter { limit, key }| {
        params![limit.name, key, limit.allowed, now.plus_seconds(limit.seconds)].to_vec()
    });
    query!(
        "INSERT INTO {s}_limits (name, key, used, allowed, window_ends_at) VALUES {rows} \
         ON CONFLICT (name, key) DO UPDATE SET allowed = excluded.allowed, \
         used = CASE WHEN {s}_limits.window_ends_at <= ?1 THEN 1 ELSE {s}_limits.used + 1 END, \
         window_ends_at = CASE WHEN {s}_limits.window_ends_at <= ?1 \
             THEN excluded.window_ends_at ELSE {s}_limits.window_ends_at END \
         WHERE {s}_limits.used < excluded.allowed OR {s}_limits.window_ends_at <= ?1 \
         RETURNING name, key",
        now
    )
    .bind_all(values)
}

pub(crate) fn window(service: &Service, Counter { limit, key }: &Counter) -> Query {
    let s = service.name;
    query!(
        "SELECT used, window_ends_at FROM {s}_limits WHERE name = ?1 AND key = ?2",
        limit.name,
        key
    )
}

pub(crate) fn releasing(service: &Service, counters: &[Counter]) -> Query {
    let s = service.name;
    let pairs = db::places(counters.len(), 2);
    let values =
        counters.iter().flat_map(|Counter { limit, key }| params![limit.name, key].to_vec());
    query!(
        "UPDATE {s}_limits SET used = used - 1 WHERE used > 0 AND (name, key) IN (VALUES {pairs})"
    )
    .bind_all(values)
}

/// Leaves those that somebody is at work on to the next sweep.
pub(crate) fn sweeping(service: &Service, now: Timestamp) -> Query {
    let s = service.name;
    query!(
        "WITH ended AS (SELECT name, key FROM {s}_limits WHERE window_ends_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM {s}_limits WHERE (name, key) IN (SELECT name, key FROM ended) RETURNING name",
        now,
        SWEPT
    )
}
