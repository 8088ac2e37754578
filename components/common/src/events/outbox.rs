//! The outbox: events are committed with the change that they tell of, and published after.

use std::cell::RefCell;

use anyhow::Result;

use super::{Event, EventType, bus};
use crate::db::{self, Connection, Transaction};
use crate::{Service, Timestamp, log, params};

/// A command publishes its own events right after its commit. Only what is older than this has
/// been left behind, in milliseconds; a tick that took younger ones would publish them twice.
const LEFT_BEHIND_MS: i64 = 2_000;
/// How many events one call publishes.
const BATCH: i64 = 256;
/// How long published events are kept for people who look, in seconds.
const KEEP_SECONDS: i64 = 24 * 60 * 60;

thread_local! {
    static PENDING: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

/// Puts `events` into `service`'s outbox, as part of `transaction`.
pub(crate) async fn store(
    service: &Service,
    transaction: &Transaction,
    events: &[Event],
) -> db::Result<()> {
    let sql = format!(
        "INSERT INTO {}_outbox (id, type, body, created_at) VALUES (?1, ?2, ?3, ?4)",
        service.name
    );
    for event in events {
        let body = body(event).map_err(|error| db::Error::Failed(error.to_string()))?;
        let row = params![event.id, event.event_type.name(), body, event.time];
        transaction.execute(&sql, row).await?;
    }
    Ok(())
}

/// Takes `events`, which are committed, for [`publish_pending`].
pub(crate) fn later(events: Vec<Event>) {
    PENDING.with_borrow_mut(|pending| pending.extend(events));
}

/// Whether [`publish_pending`] has anything to do.
pub(crate) fn is_pending() -> bool {
    PENDING.with_borrow(|pending| !pending.is_empty())
}

/// Publishes what this instance has committed since the last time. HTTP does so after its answer,
/// workers before they return. What fails stays in the outbox for the next tick.
pub(crate) async fn publish_pending(service: &'static Service) {
    let events = PENDING.take();
    if events.is_empty() {
        return;
    }
    if let Err(error) = publish(service, &events).await {
        log::failed("publishing events; a tick will try again", &error);
    }
}

async fn publish(service: &'static Service, events: &[Event]) -> Result<()> {
    let bodies = events
        .iter()
        .map(|event| Ok((event.event_type, body(event)?)))
        .collect::<Result<Vec<_>>>()?;
    bus::publish(&bodies).await?;
    let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
    mark_published(service, &ids).await
}

/// Publishes what was left behind in `service`'s outbox, oldest first, and forgets what was
/// published long ago.
///
/// # Errors
/// When the database or Redis fails; what is not published stays.
pub async fn heal(service: &'static Service) -> Result<()> {
    while flush(service).await? {}
    let connection = Connection::open(service).await?;
    let sql = format!("DELETE FROM {}_outbox WHERE published_at < ?1", service.name);
    let old = Timestamp::now().plus_seconds(-KEEP_SECONDS);
    connection.query(&sql, params![old]).await?;
    Ok(())
}

/// Publishes one batch; tells whether there may be more.
async fn flush(service: &'static Service) -> Result<bool> {
    let sql = format!(
        "SELECT id, type, body FROM {}_outbox \
         WHERE published_at IS NULL AND created_at <= ?1 ORDER BY created_at, id LIMIT ?2",
        service.name
    );
    let before = Timestamp::from_millis(Timestamp::now().as_millis() - LEFT_BEHIND_MS);
    let rows = {
        let connection = Connection::open(service).await?;
        connection.query(&sql, params![before, BATCH]).await?
    };
    let mut bodies = Vec::with_capacity(rows.len());
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        let event_type = serde_json::from_value(row.get::<String>("type")?.into())?;
        bodies.push((event_type, row.get("body")?));
        ids.push(row.get("id")?);
    }
    bus::publish(&bodies).await?;
    mark_published(service, &ids).await?;
    Ok(i64::try_from(rows.len()).unwrap_or(BATCH) == BATCH)
}

async fn mark_published(service: &'static Service, ids: &[String]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    // Ids are UUIDs of ours: nothing in them needs quoting.
    let list = ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    let sql = format!("UPDATE {}_outbox SET published_at = ?1 WHERE id IN ({list})", service.name);
    let connection = Connection::open(service).await?;
    connection.query(&sql, params![Timestamp::now()]).await?;
    Ok(())
}

fn body(event: &Event) -> Result<String> {
    Ok(serde_json::to_string(event)?)
}

/// The types of events that `service` emits.
pub(crate) fn emitted_by(service: &Service) -> impl Iterator<Item = EventType> {
    EventType::ALL.into_iter().filter(|event_type| event_type.source() == service.name)
}
