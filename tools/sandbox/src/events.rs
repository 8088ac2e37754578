//! Events: what happened to an object, as <https://docs.stripe.com/api/events/object> shows it.
//!
//! An event is written in the transaction that it tells of, and sent by [`crate::webhooks`].

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::{app::Scope, call::API_VERSION, errors::Error, ids};

/// How long, in seconds, it is tried to deliver an event: Stripe's three days.
const TRIED_FOR: i64 = 3 * 24 * 60 * 60;
/// The wait after the first failure, in seconds; it doubles each time.
const FIRST_WAIT: i64 = 5;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 3 * 60 * 60;

/// An event that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Its id.
    pub(crate) id: String,
    /// The JSON that is sent and signed.
    pub(crate) body: String,
    created: i64,
    tries: i64,
}

/// Records that `kind` happened to `object`, which is as it is now.
pub(crate) fn record(scope: &Scope<'_>, kind: &str, object: Value) -> Result<(), Error> {
    let id = ids::object("evt");
    let body = json!({
        "id": id,
        "object": "event",
        "api_version": API_VERSION,
        "created": scope.now,
        "data": { "object": object },
        "livemode": false,
        "pending_webhooks": i64::from(scope.heard),
        "request": { "id": null, "idempotency_key": null },
        "type": kind,
    });
    scope
        .db
        .prepare_cached("INSERT INTO events (id, created, body, due) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, scope.now, body.to_string(), scope.heard.then_some(scope.now)])?;
    Ok(())
}

/// The events that are to be sent now, oldest first.
pub(crate) fn due(db: &Connection, now: i64) -> Result<Vec<Pending>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT id, body, created, tries FROM events WHERE due <= ?1 ORDER BY seq LIMIT 200",
    )?;
    let rows = statement.query_map([now], |row| {
        Ok(Pending { id: row.get(0)?, body: row.get(1)?, created: row.get(2)?, tries: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes whether an event was `delivered`; if not, when to try again, if at all.
pub(crate) fn note(
    db: &Connection,
    event: &Pending,
    delivered: bool,
    now: i64,
) -> Result<(), Error> {
    let wait = FIRST_WAIT.saturating_mul(1 << event.tries.clamp(0, 20)).min(LONGEST_WAIT);
    let again = (!delivered && now - event.created < TRIED_FOR).then_some(now + wait);
    db.prepare_cached("UPDATE events SET tries = tries + 1, due = ?2 WHERE id = ?1")?
        .execute(params![event.id, again])?;
    Ok(())
}
