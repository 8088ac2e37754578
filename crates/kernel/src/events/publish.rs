//! From the outbox to the bus. Events stay in the outbox until everybody has had them: see
//! [`super::reconcile`].

use std::cell::Cell;
use std::collections::HashMap;

use anyhow::Result;
use scopeguard::defer;

use super::entry::{EntryId, Published};
use super::reconcile;
use super::{Event, EventType, bus, news};
use crate::cx::Cx;
use crate::db::{Query, Read, Reader};
use crate::keys::Keys;
use crate::outbox::{self, BATCH, Pending};
use crate::{Service, Timestamp, log, query};

/// A command publishes its own events right after its commit. Only what is older than this has
/// been left behind, in milliseconds; a tick that took younger ones would publish them twice.
const LEFT_BEHIND_MS: i64 = 2_000;

thread_local! {
    static IS_PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs [`publish_pending`] beside whatever else this instance does, if there is anything to
/// publish. While it runs, what others commit waits for it: the more is committed at once, the more is
/// published in one go.
pub(crate) fn publish_soon(service: &'static Service) {
    if outbox::is_pending() && !IS_PUBLISHING.replace(true) {
        spin_sdk::wasip3::spawn(async move {
            // However this task ends, the next one may publish.
            defer! { IS_PUBLISHING.set(false) }
            while outbox::is_pending() {
                publish_pending(service).await;
            }
        });
    }
}

/// Publishes what this instance has committed since the last time. HTTP does so after its answer,
/// workers after each batch and before they return. Events that fail stay in the outbox for the next
/// tick; news that fails is lost.
pub(crate) async fn publish_pending(service: &'static Service) {
    let Pending { events, news } = outbox::take();
    for batch in events.chunks(BATCH) {
        if let Err(error) = publish_committed(service, batch).await {
            log::failed(Cx::NONE, "publishing events; a tick will try again", &error);
            return;
        }
    }
    if let Err(error) = news::tell(news).await {
        log::failed(Cx::NONE, "telling open pages; they will ask again", &error);
    }
}

async fn publish_committed(service: &'static Service, events: &[Event]) -> Result<()> {
    let ids = events.iter().map(|event| event.id.to_string()).collect();
    let keys = Keys::load().await?;
    let bodies = events.iter().map(|event| Ok((event.event_type, keys.sign(body(event)?))));
    let entries = bus::publish(&bodies.collect::<Result<Vec<_>>>()?).await?;
    note(Cx::NONE, service, ids, entries).await
}

/// Finds out what became of what `service` has published, and publishes what was left behind in its
/// outbox or lost, oldest first.
///
/// # Errors
/// When the database or Redis fails; what is not published stays.
pub(super) async fn heal(cx: &Cx, service: &'static Service) -> Result<()> {
    // First, so that what was lost is published again by this very tick.
    let reconciled = reconcile::reconcile(cx, service).await;
    let mut newest = HashMap::new();
    let flushed = flush_all(cx, service, &mut newest).await;
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
    cx: &Cx,
    service: &'static Service,
    newest: &mut HashMap<EventType, String>,
) -> Result<()> {
    while flush(cx, service, newest).await? && !cx.is_out_of_time() {}
    Ok(())
}

/// Appends one batch; tells whether there may be more.
async fn flush(
    cx: &Cx,
    service: &'static Service,
    newest: &mut HashMap<EventType, String>,
) -> Result<bool> {
    let before = Timestamp::from_millis(Timestamp::now().as_millis() - LEFT_BEHIND_MS);
    let left: Vec<(String, String, String)> =
        Reader::new(service).read_all(left_behind(service, before)).await?;
    let is_full = left.len() == BATCH;
    let mut bodies = Vec::with_capacity(left.len());
    let mut ids = Vec::with_capacity(left.len());
    let keys = Keys::load().await?;
    for (id, name, body) in left {
        bodies.push((serde_json::from_value(name.into())?, keys.sign(body)));
        ids.push(id);
    }
    let entries = bus::append(&bodies).await?;
    newest.extend(bodies);
    note(cx, service, ids, entries).await?;
    Ok(is_full)
}

pub(crate) fn left_behind(service: &Service, before: Timestamp) -> Query {
    let name = service.name;
    query!(
        "SELECT id, type, body FROM {name}_outbox \
         WHERE published_at IS NULL AND created_at <= ?1 ORDER BY created_at, id LIMIT {BATCH}",
        before
    )
}

/// Notes which entries the events `ids` have become. A crash before has a tick publish them again:
/// handlers take no notice of that, and the first entries go when they are trimmed.
async fn note(
    cx: &Cx,
    service: &'static Service,
    ids: Vec<String>,
    entries: Vec<EntryId>,
) -> Result<()> {
    let published = ids.into_iter().zip(entries).map(|(id, entry)| Published { id, entry });
    reconcile::note(cx, service, &published.collect::<Vec<_>>()).await
}

fn body(event: &Event) -> Result<String> {
    Ok(serde_json::to_string(event)?)
}
