//! From a transaction to what gets published: events are stored with the change that they tell
//! of, and wait here, with the news, once that is committed.

use std::cell::RefCell;

use crate::Service;
use crate::db::{self, Query, Value};
use crate::{params, query};
use boxoffice_contract::Event;
use boxoffice_contract::news::TicketNews;

/// How many events one statement stores, and one call publishes.
pub(crate) const BATCH: usize = 256;

thread_local! {
    static PENDING: RefCell<Pending> = RefCell::default();
}

/// What this instance has committed and not published yet.
#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) events: Vec<Event>,
    pub(crate) news: Vec<TicketNews>,
}

/// Makes the statements that put `events` into `service`'s outbox.
pub(crate) fn store(service: &Service, events: &[Event]) -> db::Result<Vec<Query>> {
    events.chunks(BATCH).map(|batch| store_batch(service, batch)).collect()
}

fn store_batch(service: &Service, batch: &[Event]) -> db::Result<Query> {
    let mut values: Vec<Value> = Vec::with_capacity(batch.len() * 4);
    for event in batch {
        let body =
            serde_json::to_string(event).map_err(|error| db::Error::Failed(error.to_string()))?;
        values.extend_from_slice(params![event.id, event.event_type.name(), body, event.time]);
    }
    let (name, rows) = (service.name, db::places(batch.len(), 4));
    let insert = query!("INSERT INTO {name}_outbox (id, type, body, created_at) VALUES {rows}");
    Ok(insert.bind_all(values))
}

/// Keeps `events` and `news`, which are committed, until they are published.
pub(crate) fn keep(events: Vec<Event>, news: Vec<TicketNews>) {
    PENDING.with_borrow_mut(|pending| {
        pending.events.extend(events);
        pending.news.extend(news);
    });
}

/// Takes what was kept.
pub(crate) fn take() -> Pending {
    PENDING.take()
}

/// Whether anything is kept.
pub(crate) fn is_pending() -> bool {
    PENDING.with_borrow(|pending| !(pending.events.is_empty() && pending.news.is_empty()))
}
