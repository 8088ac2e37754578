//! From the bus into a service's handlers.
//!
//! The doorbell only says that there is something to read: what is applied comes from the stream,
//! so that a lost, repeated or reordered doorbell changes nothing.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use boxoffice_contract::bus::TICK;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Deserialize;

use super::bus::{self, Delivery};
use super::{Event, EventType};
use super::{publish, reconcile};
use crate::cx::Cx;
use crate::db::{FromValue, Query};
use crate::deadline::Deadline;
use crate::keys::Keys;
use crate::log::{self, Security};
use crate::{Service, Timestamp, config, query, unit};

/// After this many deliveries an event that a handler refuses goes to the dead letters.
const MAX_DELIVERIES: i64 = 8;
/// How long a doorbell, and each part of a tick, is worked for. With the last event begun, which may
/// wait for a payment provider, it stays well below the 30 seconds that a host gives a message.
const TURN: Duration = Duration::from_secs(3);
/// How many events of a batch are at work at once. Each may hold a connection to the database.
const AT_ONCE: usize = 8;
/// How many events one batch has at most: as many as are read at once.
pub const BATCH_LIMIT: usize = bus::BATCH;
/// How long answers to idempotent requests are remembered, in seconds.
const REMEMBER_SECONDS: i64 = 24 * 60 * 60;
/// What the dead letters say of an event that nobody of ours has published.
const FORGED: &str =
    "the event has no valid code (mac): no service with a key of event_keys published it";

/// What became of an event that a handler was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It changed something.
    Applied,
    /// What it says, or something newer, was known already.
    Stale,
}

impl Outcome {
    /// [`Outcome::Applied`] if a guarded statement changed a row, [`Outcome::Stale`] if it did not.
    #[must_use]
    pub const fn of(changed: bool) -> Self {
        if changed { Self::Applied } else { Self::Stale }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
        }
    }
}

/// A service's side of the events: what it reads, and what it does with it. Handlers are
/// idempotent and take events in any order.
#[allow(async_fn_in_trait, reason = "used within one component, on its one thread")]
pub trait Handler {
    /// The service, and with it the consumer group.
    const SERVICE: &'static Service;

    /// How many events of this type [`Handler::handle`] gets at most. What can be written by one
    /// statement for many costs each a fraction of what it costs alone.
    fn batch_limit(_: EventType) -> usize {
        1
    }

    /// Applies a batch of events of one type in order and returns one outcome per event. If the batch
    /// fails, each event is handled alone. What follows from one that is alone is part of its trace.
    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>>;

    /// Does a batch of what the service does on a tick besides what all do, or what of it can be
    /// begun in time; tells whether there may be another batch.
    async fn tick(cx: &Cx) -> Result<bool>;
}

/// Applies events one after the other by `apply` and returns one outcome per event.
///
/// # Errors
/// What `apply` says.
pub async fn one_by_one(
    events: &[Event],
    apply: impl AsyncFn(&Event) -> Result<Outcome>,
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(events.len());
    for event in events {
        outcomes.push(apply(event).await?);
    }
    Ok(outcomes)
}

/// Applies the latest of several states of each thing and returns one outcome per state. `of` tells
/// a state's id and version; `write` returns the ids of the things that it has changed.
///
/// # Errors
/// What `write` says.
pub async fn apply_latest<S, I: PartialEq>(
    states: &[S],
    of: impl Fn(&S) -> (I, i64),
    write: impl AsyncFnOnce(&[&S]) -> Result<Vec<I>>,
) -> Result<Vec<Outcome>> {
    let mut newest: Vec<&S> = Vec::with_capacity(states.len());
    for state in states {
        match newest.iter_mut().find(|known| of(known).0 == of(state).0) {
            Some(known) if of(known).1 < of(state).1 => *known = state,
            Some(_) => {}
            None => newest.push(state),
        }
    }
    let changed = write(&newest).await?;
    let outcome = |state: &S| {
        let is_newest = newest.iter().any(|newest| std::ptr::eq(*newest, state));
        Outcome::of(is_newest && changed.contains(&of(state).0))
    };
    Ok(states.iter().map(outcome).collect())
}

/// Stores the latest of several states of each thing by one statement, which answers with the ids of
/// the things that it has changed. Returns one outcome per state, as [`apply_latest`].
///
/// # Errors
/// What the database says.
pub async fn store_latest<S, I: PartialEq + FromValue>(
    cx: &Cx,
    service: &'static Service,
    states: &[S],
    of: impl Fn(&S) -> (I, i64),
    storing: impl Fn(&[&S]) -> Query,
) -> Result<Vec<Outcome>> {
    apply_latest(states, of, async |states| {
        let changed = unit::change_all(cx, service, storing(states)).await?;
        Ok(changed.into_iter().map(|(id,)| id).collect())
    })
    .await
}

/// Answers a doorbell: `message` is an event's JSON. Drains that event's stream, or, on a tick,
/// heals everything; what there is no time for is left to the next doorbell or tick.
///
/// # Errors
/// When the message is not one of ours, or Redis or the database fail. Nothing is lost by it:
/// the entries stay in their streams.
pub async fn answer<H: Handler>(message: &[u8]) -> Result<()> {
    #[derive(Deserialize)]
    struct Doorbell {
        #[serde(rename = "type")]
        name: String,
    }
    let doorbell: Doorbell =
        serde_json::from_slice(message).context("the message is not a CloudEvent in JSON")?;
    let outcome = if doorbell.name == TICK {
        heal::<H>().await
    } else {
        let event_type = subscriptions(H::SERVICE)
            .find(|event_type| event_type.name() == doorbell.name)
            .ok_or_else(|| {
                anyhow!("{} does not handle events of type {}", H::SERVICE.name, doorbell.name)
            })?;
        drain::<H>(event_type, &String::from_utf8_lossy(message)).await
    };
    // What was committed before something failed is news all the same.
    publish::publish_pending(H::SERVICE).await;
    outcome
}

fn subscriptions(service: &'static Service) -> impl Iterator<Item = EventType> {
    EventType::ALL.into_iter().filter(|event_type| event_type.groups().contains(&service.name))
}

/// Returns the context of a tick, of which each part has a turn of its own.
fn turn() -> Cx {
    Cx::of_tick(Deadline::after(TURN))
}

/// Does everything that may have been left undone. One part that fails does not keep the others
/// from being done.
async fn heal<H: Handler>() -> Result<()> {
    let service = H::SERVICE;
    let mut failures = Failures::default();
    failures.note("repairing the outbox", publish::heal(&turn(), service).await);
    catch_up::<H>(&mut failures).await;
    failures.note("running the service's own tick", tick::<H>().await);
    for event_type in reconcile::emitted_by(service) {
        failures.note("trimming", trim(service, event_type).await);
    }
    let forgotten = unit::change::<()>(Cx::NONE, service, forget_answers(service)).await;
    failures.note("deleting old stored answers", forgotten.map(drop).map_err(Into::into));
    failures.note("recording the tick", bus::ticked(service.name, Timestamp::now()).await);
    failures.into_result()
}

/// Applies what `H`'s group has not had of `event_type`, until there is no more. What there is no time
/// for gets a doorbell of its own: those who published it relied on this one.
async fn drain<H: Handler>(event_type: EventType, doorbell: &str) -> Result<()> {
    let deadline = Deadline::after(TURN);
    while read::<H>(event_type, deadline).await? {
        if deadline.has_passed() {
            return bus::ring(event_type, doorbell).await;
        }
    }
    Ok(())
}

/// Applies what `H`'s group has not had, and what it has had and not acknowledged. All streams take
/// turns, batch by batch: what is long in one does not keep the others waiting.
async fn catch_up<H: Handler>(failures: &mut Failures) {
    let deadline = Deadline::after(TURN);
    let mut streams: Vec<_> = subscriptions(H::SERVICE).map(Stream::new).collect();
    while !streams.is_empty() && !deadline.has_passed() {
        let mut unfinished = Vec::new();
        for mut stream in streams {
            match stream.work_off::<H>(deadline).await {
                Ok(true) => unfinished.push(stream),
                Ok(false) => {}
                Err(error) => failures.note(stream.event_type.name(), Err(error)),
            }
        }
        streams = unfinished;
    }
}

/// How far a tick has got with a stream.
struct Stream {
    event_type: EventType,
    /// Whether there may be entries that the group has not had.
    unread: bool,
    /// Where there may be entries that were delivered and not acknowledged.
    unacknowledged: Option<String>,
}

impl Stream {
    fn new(event_type: EventType) -> Self {
        Self { event_type, unread: true, unacknowledged: Some(bus::START.to_owned()) }
    }

    /// Applies a batch of either kind; tells whether there may be more.
    async fn work_off<H: Handler>(&mut self, deadline: Deadline) -> Result<bool> {
        if self.unread {
            self.unread = read::<H>(self.event_type, deadline).await?;
        }
        if deadline.has_passed() {
            return Ok(true);
        }
        if let Some(start) = self.unacknowledged.take() {
            let next = redeliver::<H>(self.event_type, &start, deadline).await?;
            self.unacknowledged = (next != bus::START).then_some(next);
        }
        Ok(self.unread || self.unacknowledged.is_some())
    }
}

/// Applies a batch that `H`'s group has not had; tells whether there may be more.
async fn read<H: Handler>(event_type: EventType, deadline: Deadline) -> Result<bool> {
    let deliveries = bus::read(event_type, H::SERVICE.name).await?;
    apply_all::<H>(event_type, &deliveries, deadline).await?;
    Ok(deliveries.len() == bus::BATCH)
}

/// Applies again what was delivered a while ago and never acknowledged, from the entry `start` on:
/// its reader crashed, or its handler failed. What fails too often goes to the dead letters. Tells
/// where to go on.
async fn redeliver<H: Handler>(
    event_type: EventType,
    start: &str,
    deadline: Deadline,
) -> Result<String> {
    let idle_ms = config::number("event_retry_ms").await?;
    let claimed = bus::claim(event_type, H::SERVICE.name, idle_ms, start).await?;
    apply_all::<H>(event_type, &claimed.entries, deadline).await?;
    Ok(claimed.next)
}

/// Applies `deliveries`, several batches at a time, acknowledges what was applied, and publishes what came of
/// it. What there is no time for is given back.
///
/// Handlers take events in any order, and so do they when they are at work at once, as those of several
/// replicas are. A worker that waits for a database or a provider can wait for several answers.
async fn apply_all<H: Handler>(
    event_type: EventType,
    deliveries: &[Delivery],
    deadline: Deadline,
) -> Result<()> {
    let group = H::SERVICE.name;
    let genuine = genuine(event_type, group, deliveries).await?;
    let mut done = Vec::with_capacity(deliveries.len());
    let mut left = &*genuine;
    let mut at_work = FuturesUnordered::new();
    loop {
        while !left.is_empty() && at_work.len() < AT_ONCE && !deadline.has_passed() {
            let (some, rest) = left.split_at(batch_size(left.len(), H::batch_limit(event_type)));
            left = rest;
            at_work.push(async move { (some, apply::<H>(some).await) });
        }
        let Some((some, outcomes)) = at_work.next().await else { break };
        for (delivery, outcome) in some.iter().zip(outcomes) {
            let Err(error) = outcome else {
                done.push(delivery.id.clone());
                continue;
            };
            let error = format!("{error:#}");
            let outcome = if delivery.deliveries >= MAX_DELIVERIES {
                bus::bury(event_type, group, delivery, &error).await?;
                "dead"
            } else {
                "failed"
            };
            let (name, trace) = (event_type.name(), delivery.trace());
            log::event_failed(group, name, &delivery.id, trace, outcome, &error);
        }
    }
    bus::acknowledge(event_type, group, &done).await?;
    bus::give_back(event_type, group, left).await?;
    publish::publish_pending(H::SERVICE).await;
    Ok(())
}

/// Returns those of `deliveries` that services of ours have published. The others are refused once and for
/// all: to the dead letters, counted and logged.
async fn genuine<'a>(
    event_type: EventType,
    group: &'static str,
    deliveries: &'a [Delivery],
) -> Result<Cow<'a, [Delivery]>> {
    let keys = Keys::load().await?;
    if deliveries.iter().all(|delivery| keys.accept(&delivery.event)) {
        return Ok(deliveries.into());
    }
    let (genuine, forged): (Vec<_>, Vec<_>) =
        deliveries.iter().partition(|delivery| keys.accept(&delivery.event));
    for delivery in forged {
        bus::bury(event_type, group, delivery, FORGED).await?;
        bus::count_forged(group).await?;
        let cx = Cx::NONE.with("what", event_type.name()).with("entry", &delivery.id);
        log::security(&cx.with("group", group), Security::Forged, None);
    }
    Ok(genuine.into_iter().cloned().collect::<Vec<_>>().into())
}

/// Returns how many of those that are left make a batch: a power of two, so that the statements have
/// few texts, which databases keep prepared.
fn batch_size(left: usize, limit: usize) -> usize {
    left.min(limit).checked_ilog2().map_or(1, |log| 1 << log)
}

/// Applies `deliveries` as a batch and returns one outcome per delivery. If the batch fails, retries
/// each alone.
async fn apply<H: Handler>(deliveries: &[Delivery]) -> Vec<Result<()>> {
    let error = match apply_batch::<H>(deliveries).await {
        Ok(()) => return deliveries.iter().map(|_| Ok(())).collect(),
        Err(error) => error,
    };
    if deliveries.len() == 1 {
        return vec![Err(error)];
    }
    log::failed(Cx::NONE, "handling events together; each will be handled alone", &error);
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        outcomes.push(apply_batch::<H>(std::slice::from_ref(delivery)).await);
    }
    outcomes
}

async fn apply_batch<H: Handler>(deliveries: &[Delivery]) -> Result<()> {
    let events = deliveries.iter().map(Delivery::parse).collect::<Result<Vec<_>>>()?;
    let outcomes = H::handle(&context(&events), &events).await?;
    for (event, outcome) in events.iter().zip(outcomes) {
        let (name, trace) = (event.event_type.name(), event.trace());
        log::event(H::SERVICE.name, name, event.id, trace, outcome.name());
    }
    Ok(())
}

/// Returns the context in which `events` are handled: what follows from several has no trace.
fn context(events: &[Event]) -> Cx {
    match events {
        [event] => {
            Cx::of_trace(event.trace()).with("event", event.event_type.name()).with("id", event.id)
        }
        [event, ..] => Cx::NONE.with("event", event.event_type.name()).with("events", events.len()),
        [] => Cx::default(),
    }
}

/// Does what the service does on a tick besides what all do.
async fn tick<H: Handler>() -> Result<()> {
    let cx = turn();
    while H::tick(&cx).await? && !cx.is_out_of_time() {
        publish::publish_pending(H::SERVICE).await;
    }
    publish::publish_pending(H::SERVICE).await;
    Ok(())
}

/// Trims the stream of `event_type`, which `service` emits.
async fn trim(service: &'static Service, event_type: EventType) -> Result<()> {
    bus::trim(event_type, reconcile::first(service, event_type).await?).await
}

pub(crate) fn forget_answers(service: &Service) -> Query {
    let name = service.name;
    let old = Timestamp::now().plus_seconds(-REMEMBER_SECONDS);
    query!("DELETE FROM {name}_idempotency WHERE created_at < ?1", old)
}

/// Failures that are reported together at the end.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn note(&mut self, what: &str, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.0.push(format!("{what}: {error:#}"));
        }
    }

    fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(anyhow!(self.0.join("; "))) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use futures::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_several_states_of_a_thing_the_newest_is_written_once() {
        let [one, other, known] = [1, 2, 3].map(Uuid::from_u128);
        let states = [(one, 1), (other, 7), (one, 3), (known, 2), (one, 2), (other, 7)];
        let written = apply_latest(
            &states,
            |state| *state,
            async |newest| {
                assert_eq!(newest, [&(one, 3), &(other, 7), &(known, 2)]);
                Ok(vec![other, one])
            },
        );
        let outcomes = written.now_or_never().unwrap().unwrap();
        let applied: Vec<bool> = outcomes.iter().map(|o| *o == Outcome::Applied).collect();
        assert_eq!(applied, [false, true, true, false, false, false]);
    }

    #[test]
    fn a_batch_is_a_power_of_two() {
        let of = |(left, limit)| batch_size(left, limit);
        let cases = [(1, 64), (2, 64), (3, 64), (63, 64), (64, 64), (200, 64), (5, 1)];
        assert_eq!(cases.map(of), [1, 2, 2, 32, 64, 64, 1]);
    }
}
