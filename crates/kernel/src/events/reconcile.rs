//! What Redis loses is published again.
//!
//! A published event stays in the outbox until every group that must read it has acknowledged it.
//! On each tick a service compares its outbox with its streams: what everybody has had is deleted,
//! what is not in its stream any more counts as unpublished again. So whatever Redis loses, all of
//! it or its last second, is published again unless everybody has had it. What was acknowledged
//! because it was moved to the dead letters has been had: its copy there is then the only one.
//!
//! Streams are trimmed behind the first event that the outbox still has, so an entry that is
//! missing was lost, not trimmed. Only an event that somebody publishes and a group acknowledges,
//! both more than two seconds before the outbox is told, may be published once too often.
//!
//! Each event is looked at once when everybody had it by then; otherwise once while it waits, and
//! once when it goes; of those that wait, only the first batch is looked at on each tick. Several
//! hosts may do this at a time: they delete the same rows and take the same entries for lost, and
//! what both publish again is a repeat like any other.

use anyhow::Result;

use super::EventType;
use super::bus::{self, Standing};
use super::entry::{EntryId, Published};
use crate::cx::Cx;
use crate::db::{self, Query, Read, Reader, Value};
use crate::{Service, Timestamp, params, query, unit};

/// How many events are looked at together.
const BATCH: usize = 256;

/// The types of events that `service` emits.
pub(super) fn emitted_by(service: &Service) -> impl Iterator<Item = EventType> {
    EventType::ALL.into_iter().filter(|event_type| event_type.source() == service.name)
}

/// Compares `service`'s outbox with its streams, as far as there is time.
///
/// # Errors
/// When the database or Redis fails; the rest is left for the next tick.
pub(super) async fn reconcile(cx: &Cx, service: &'static Service) -> Result<()> {
    for event_type in emitted_by(service) {
        compare(cx, service, event_type).await?;
    }
    Ok(())
}

async fn compare(cx: &Cx, service: &'static Service, event_type: EventType) -> Result<()> {
    let mut until = EntryId::ZERO;
    // Read when there is more than one batch: only then is anything to be skipped.
    let mut compared = None;
    loop {
        let published = published_after(service, event_type, until);
        let events: Vec<Published> = Reader::new(service).read_all(published).await?;
        let Some(last) = events.last() else { break };
        until = last.entry;
        let there_is_more = events.len() == BATCH;
        let standings = if event_type.groups().is_empty() {
            vec![Standing::Had; events.len()]
        } else {
            bus::standing(event_type, &events).await?
        };
        let all_wait = standings.iter().all(|standing| *standing == Standing::Waiting);
        let which = |wanted| {
            let pairs = events.iter().zip(&standings);
            pairs.filter(move |(_, standing)| **standing == wanted).map(|(event, _)| event)
        };
        write(cx, service, forget(service, which(Standing::Had))).await?;
        write(cx, service, unpublish(service, which(Standing::Lost))).await?;
        if !there_is_more || cx.is_out_of_time() {
            break;
        }
        if compared.is_none() {
            compared = Some(bus::compared(event_type).await?);
        }
        // A group that is far behind must not keep us from finding out, event by event, what the
        // others lost: what was there when it was last looked at need not be looked at again.
        if let Some(compared) = compared
            && all_wait
        {
            until = until.max(compared);
        }
    }
    match compared {
        Some(compared) if until > compared => bus::set_compared(event_type, until).await,
        _ => Ok(()),
    }
}

/// Finds the first batch of events in the stream of `event_type` that come after `after`.
pub(crate) fn published_after(service: &Service, event_type: EventType, after: EntryId) -> Query {
    let name = service.name;
    query!(
        "SELECT id, entry_ms, entry_seq FROM {name}_outbox WHERE type = ?1 \
         AND published_at IS NOT NULL AND (entry_ms, entry_seq) > (?2, ?3) \
         ORDER BY entry_ms, entry_seq LIMIT {BATCH}",
        event_type.name(),
        after.ms,
        after.seq
    )
}

/// The entry of the first event of `event_type` that the outbox still looks after.
///
/// # Errors
/// When the database fails.
pub(super) async fn first(
    service: &'static Service,
    event_type: EventType,
) -> Result<Option<EntryId>> {
    let first = Reader::new(service).read(first_published(service, event_type)).await?;
    Ok(first.map(|Published { entry, .. }| entry))
}

pub(crate) fn first_published(service: &Service, event_type: EventType) -> Query {
    let name = service.name;
    query!(
        "SELECT id, entry_ms, entry_seq FROM {name}_outbox WHERE type = ?1 \
         AND published_at IS NOT NULL ORDER BY entry_ms, entry_seq LIMIT 1",
        event_type.name()
    )
}

/// Notes which entries events have become.
///
/// # Errors
/// When the database fails; the events count as unpublished then.
pub(super) async fn note(cx: &Cx, service: &'static Service, events: &[Published]) -> Result<()> {
    write(cx, service, became(service, events)).await
}

/// Runs `query`, if there is anything to change.
async fn write(cx: &Cx, service: &'static Service, query: Option<Query>) -> Result<()> {
    if let Some(query) = query {
        unit::change::<()>(cx, service, query).await?;
    }
    Ok(())
}

/// Notes which entries events have become.
pub(crate) fn became(service: &Service, events: &[Published]) -> Option<Query> {
    let (rows, params) = values(events.iter())?;
    let (name, at) = (service.name, params.len() + 1);
    let update = query!(
        "WITH done (id, ms, seq) AS (VALUES {rows}) UPDATE {name}_outbox AS outbox \
         SET published_at = ?{at}, entry_ms = done.ms, entry_seq = done.seq \
         FROM done WHERE outbox.id = done.id"
    );
    Some(update.bind_all(params).bind_all([Timestamp::now()]))
}

/// Deletes events that everybody has had.
pub(crate) fn forget<'e>(
    service: &Service,
    events: impl Iterator<Item = &'e Published>,
) -> Option<Query> {
    // Ids are UUIDs of ours: nothing in them needs quoting.
    let ids: Vec<String> = events.map(|event| format!("'{}'", event.id)).collect();
    let (name, list) = (service.name, ids.join(", "));
    (!ids.is_empty()).then(|| query!("DELETE FROM {name}_outbox WHERE id IN ({list})"))
}

/// Publishes events again, unless another host has done so meanwhile.
pub(crate) fn unpublish<'e>(
    service: &Service,
    events: impl Iterator<Item = &'e Published>,
) -> Option<Query> {
    let (rows, params) = values(events)?;
    let name = service.name;
    let update = query!(
        "WITH lost (id, ms, seq) AS (VALUES {rows}) UPDATE {name}_outbox AS outbox \
         SET published_at = NULL, entry_ms = NULL, entry_seq = NULL FROM lost \
         WHERE outbox.id = lost.id AND outbox.entry_ms = lost.ms AND outbox.entry_seq = lost.seq"
    );
    Some(update.bind_all(params))
}

/// Rows of SQL's `VALUES`, and its parameters: id, and the two parts of the entry. None for no events,
/// which SQL has no way to write. They are [`db::padded`].
fn values<'e>(events: impl Iterator<Item = &'e Published>) -> Option<(String, Vec<Value>)> {
    let events = db::padded(events.collect::<Vec<_>>());
    if events.is_empty() {
        return None;
    }
    let mut params = Vec::with_capacity(events.len() * 3 + 1);
    let row = |Published { id, entry }: &Published| {
        let n = params.len();
        params.extend_from_slice(params![id, entry.ms, entry.seq]);
        format!(
            "(CAST(?{} AS TEXT), CAST(?{} AS BIGINT), CAST(?{} AS BIGINT))",
            n + 1,
            n + 2,
            n + 3
        )
    };
    let rows: Vec<String> = events.into_iter().map(row).collect();
    Some((rows.join(", "), params))
}
