//! The outbox: events are committed with the change that they tell of, and published after. They
//! stay until everybody has had them: see [`super::reconcile`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use anyhow::Result;
use boxoffice_contract::news::TicketNews;
use scopeguard::defer;

use super::deadline::Deadline;
use super::entry::EntryId;
use super::news;
use super::reconcile::{self, Published};
use super::{Event, EventType, bus};
use crate::db::{self, Connection, Read, Transaction, Value};
use crate::{Service, Timestamp, log, params};

/// A command publishes its own events right after its commit. Only what is older than this has
/// been left behind, in milliseconds; a tick that took younger ones would publish them twice.
const LEFT_BEHIND_MS: i64 = 2_000;
/// How many events one call publishes.
const BATCH: usize = 256;

thread_local! {
    static PENDING: RefCell<Pending> = RefCell::default();
    static IS_PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// What this instance has committed and not published yet.
#[derive(Default)]
struct Pending {
    events: Vec<Event>,
    news: Vec<TicketNews>,
}

/// Puts `events` into `service`'s outbox, as part of `transaction`.
pub(crate) fn store(
    service: &Service,
    transaction: &mut Transaction,
    events: &[Event],
) -> db::Result<()> {
    for batch in events.chunks(BATCH) {
        let mut params: Vec<Value> = Vec::with_capacity(batch.len() * 4);
        for event in batch {
            let body = body(event).map_err(|error| db::Error::Failed(error.to_string()))?;
            params.extend_from_slice(params![event.id, event.event_type.name(), body, event.time]);
        }
        let sql = format!(
            "INSERT INTO {}_outbox (id, type, body, created_at) VALUES {}",
            service.name,
            db::places(batch.len(), 4)
        );
        transaction.insert(sql, &params);
    }
    Ok(())
}

/// Takes `events` and `news`, which are committed, for [`publish_pending`].
pub(crate) fn later(events: Vec<Event>, news: Vec<TicketNews>) {
    PENDING.with_borrow_mut(|pending| {
        pending.events.extend(events);
        pending.news.extend(news);
    });
}

/// Has [`publish_pending`] run beside whatever else this instance does, if there is anything to
/// publish. While it runs, what others commit waits for it: the more is committed at once, the more is
/// published in one go.
pub(crate) fn publish_soon(service: &'static Service) {
    if is_pending() && !IS_PUBLISHING.replace(true) {
        spin_sdk::wasip3::spawn(async move {
            // However this task ends, the next one may publish.
            defer! { IS_PUBLISHING.set(false) }
            while is_pending() {
                publish_pending(service).await;
            }
        });
    }
}

fn is_pending() -> bool {
    PENDING.with_borrow(|pending| !(pending.events.is_empty() && pending.news.is_empty()))
}

/// Publishes what this instance has committed since the last time. HTTP does so after its answer,
/// workers after each batch and before they return. Events that fail stay in the outbox for the next
/// tick; news that fails is lost.
pub(crate) async fn publish_pending(service: &'static Service) {
    let Pending { events, news } = PENDING.take();
    for batch in events.chunks(BATCH) {
        if let Err(error) = publish_committed(service, batch).await {
            log::failed("publishing events; a tick will try again", &error);
            return;
        }
    }
    if let Err(error) = news::tell(news).await {
        log::failed("telling open pages; they will ask again", &error);
    }
}

async fn publish_committed(service: &'static Service, events: &[Event]) -> Result<()> {
    let ids = events.iter().map(|event| event.id.to_string()).collect();
    let bodies = events.iter().map(|event| Ok((event.event_type, body(event)?)));
    let entries = bus::publish(&bodies.collect::<Result<Vec<_>>>()?).await?;
    note(service, ids, entries).await
}

/// Finds out what became of what `service` has published, and publishes what was left behind in its
/// outbox or lost, oldest first.
///
/// # Errors
/// When the database or Redis fails; what is not published stays.
pub(super) async fn heal(service: &'static Service, deadline: Deadline) -> Result<()> {
    // First, so that what was lost is published again by this very tick.
    let reconciled = reconcile::reconcile(service, deadline).await;
    let mut newest = HashMap::new();
    let flushed = flush_all(service, deadline, &mut newest).await;
    // Once for all: each ring starts every worker that hears it, and the first has them do all that
    // there is; of a backlog, the others would only keep everyone else waiting.
    for (event_type, event) in newest {
        bus::ring(event_type, &event).await?;
    }
    flushed.and(reconciled)
}

/// Appends what was left behind to its streams, as far as there is time. `newest` gets the last
/// event of each type.
async fn flush_all(
    service: &'static Service,
    deadline: Deadline,
    newest: &mut HashMap<EventType, String>,
) -> Result<()> {
    while flush(service, newest).await? && !deadline.has_passed() {}
    Ok(())
}

/// Appends one batch; tells whether there may be more.
async fn flush(service: &'static Service, newest: &mut HashMap<EventType, String>) -> Result<bool> {
    let sql = format!(
        "SELECT id, type, body FROM {}_outbox \
         WHERE published_at IS NULL AND created_at <= ?1 ORDER BY created_at, id LIMIT {BATCH}",
        service.name
    );
    let before = Timestamp::from_millis(Timestamp::now().as_millis() - LEFT_BEHIND_MS);
    let rows = {
        let connection = Connection::open(service).await?;
        connection.query(&sql, params![before]).await?
    };
    let mut bodies = Vec::with_capacity(rows.len());
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        let event_type = serde_json::from_value(row.get::<String>("type")?.into())?;
        bodies.push((event_type, row.get("body")?));
        ids.push(row.get("id")?);
    }
    let entries = bus::append(&bodies).await?;
    newest.extend(bodies);
    note(service, ids, entries).await?;
    Ok(rows.len() == BATCH)
}

/// Notes which entries the events `ids` have become. A crash before has a tick publish them again:
/// handlers take no notice of that, and the first entries go when they are trimmed.
async fn note(service: &'static Service, ids: Vec<String>, entries: Vec<EntryId>) -> Result<()> {
    let published = ids.into_iter().zip(entries).map(|(id, entry)| Published { id, entry });
    reconcile::note(service, &published.collect::<Vec<_>>()).await
}

fn body(event: &Event) -> Result<String> {
    Ok(serde_json::to_string(event)?)
}

/// The types of events that `service` emits.
pub(super) fn emitted_by(service: &Service) -> impl Iterator<Item = EventType> {
    EventType::ALL.into_iter().filter(|event_type| event_type.source() == service.name)
}
