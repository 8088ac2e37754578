//! The bus at a glance.

use std::collections::BTreeSet;

use boxoffice_common::Timestamp;
use boxoffice_common::events::EventType;
use serde::Serialize;

use crate::books;
use crate::bus::{Bus, Group, Stream, made_at};
use crate::sources::Problem;
use crate::store::Databases;

/// What the bus holds, and what is left to do.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Every stream.
    pub streams: Vec<StreamStatus>,
    /// Every group's last tick.
    pub ticks: Vec<Tick>,
    /// How many events could not be applied.
    pub dead_letters: u64,
    /// What is committed and not published, by service; `None` if no database was named.
    pub outboxes: Option<Vec<OutboxStatus>>,
}

/// A stream: one for each type of event.
#[derive(Clone, Debug, Serialize)]
pub struct StreamStatus {
    /// Its name, and the type of its events.
    pub name: &'static str,
    /// How many entries it has.
    pub length: u64,
    /// How old the first one is, in seconds.
    pub oldest_seconds: Option<i64>,
    /// The groups that there are.
    pub groups: Vec<GroupStatus>,
    /// The groups that must read it and are not there. They are made when they first look.
    pub missing_groups: Vec<&'static str>,
}

/// How far a group has come in a stream.
#[derive(Clone, Debug, Serialize)]
pub struct GroupStatus {
    /// Its name, which is its service's.
    pub name: String,
    /// Whether the stream is kept until it has read it, by the events' contract. Another group
    /// is a stranger's; the stream is not trimmed behind it either.
    pub required: bool,
    /// How many entries it has not had.
    pub lag: u64,
    /// How many it has had and not acknowledged.
    pub pending: u64,
    /// How old the oldest of both is, in seconds.
    pub oldest_seconds: Option<i64>,
}

/// A group's last tick.
#[derive(Clone, Debug, Serialize)]
pub struct Tick {
    /// The group.
    pub group: String,
    /// When it had it, RFC 3339; `None` if it never did.
    pub at: Option<String>,
    /// How long ago that is, in seconds.
    pub seconds: Option<i64>,
}

/// What a service has committed and not published.
#[derive(Clone, Debug, Serialize)]
pub struct OutboxStatus {
    /// The service.
    pub service: &'static str,
    /// How many events wait.
    pub waiting: u64,
    /// How old the oldest is, in seconds.
    pub oldest_seconds: Option<i64>,
}

/// Reads it all; the outboxes if `databases` are given.
///
/// # Errors
/// When Redis or a database cannot be read.
pub async fn status(bus: &Bus, databases: Option<&Databases>) -> Result<Status, Problem> {
    let mut connection = bus.connect().await?;
    let now = connection.time().await?;
    let outboxes = match databases {
        Some(databases) => Some(books::read_outboxes(databases).await?),
        None => None,
    };
    let last = connection.ticks().await?;
    let groups: BTreeSet<&str> = EventType::ALL
        .iter()
        .flat_map(|event_type| event_type.groups().iter().copied())
        .chain(last.keys().map(String::as_str))
        .collect();
    let tick = |group: &str| Tick {
        group: group.to_owned(),
        at: last.get(group).map(|at| Timestamp::from_millis(*at).to_string()),
        seconds: last.get(group).map(|at| seconds(now, *at)),
    };
    Ok(Status {
        streams: connection.streams().await?.iter().map(|stream| of_stream(stream, now)).collect(),
        ticks: groups.into_iter().map(tick).collect(),
        dead_letters: connection.count_letters().await?,
        outboxes: outboxes.map(|all| all.iter().map(|outbox| of_outbox(outbox, now)).collect()),
    })
}

fn of_stream(stream: &Stream, now: i64) -> StreamStatus {
    let event_type = stream.event_type;
    let group = |group: &Group| GroupStatus {
        name: group.name.clone(),
        required: event_type.groups().contains(&group.name.as_str()),
        lag: group.lag,
        pending: group.pending,
        oldest_seconds: [&group.unread, &group.unacknowledged]
            .into_iter()
            .filter_map(|id| age(id.as_deref(), now))
            .max(),
    };
    StreamStatus {
        name: event_type.name(),
        length: stream.length,
        oldest_seconds: age(stream.oldest.as_deref(), now),
        groups: stream.groups.iter().map(group).collect(),
        missing_groups: stream.missing_groups(),
    }
}

fn of_outbox(outbox: &books::Outbox, now: i64) -> OutboxStatus {
    OutboxStatus {
        service: outbox.service,
        waiting: outbox.waiting.len() as u64,
        oldest_seconds: outbox.oldest().map(|event| seconds(now, event.created_at)),
    }
}

fn age(id: Option<&str>, now: i64) -> Option<i64> {
    Some(seconds(now, made_at(id?)?))
}

/// Two clocks may differ a little: nothing is younger than now.
fn seconds(now: i64, then: i64) -> i64 {
    (now.saturating_sub(then) / 1_000).max(0)
}
