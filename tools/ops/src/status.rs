//! The bus at a glance.

use std::collections::BTreeSet;
use std::time::SystemTime;

use boxoffice_contract::EventType;
use boxoffice_contract::Timestamp;
use boxoffice_contract::bus::WITHOUT_EVENTS;
use boxoffice_contract::mail::Trouble;
use boxoffice_contract::orders::OrderStatus;
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
    /// How many events were refused since no service of ours had published them.
    pub forged: u64,
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

/// What the databases say is left to do.
#[derive(Clone, Debug, Serialize)]
pub struct Backlog {
    /// What is committed and not published, by service.
    pub outboxes: Vec<OutboxStatus>,
    /// What is held, by the status of the orders that hold it: held, then being paid for.
    pub holds: Vec<Holds>,
    /// The letters that nobody has got, by status: `waiting`, then `given_up`.
    pub letters: Vec<Letters>,
    /// The addresses that get no letters but those that they need, by why: `bounce`, then `complaint`.
    pub suppressed: Vec<Suppressed>,
}

/// The addresses that get no letters but those that they need.
#[derive(Clone, Debug, Serialize)]
pub struct Suppressed {
    /// Why.
    pub trouble: &'static str,
    /// How many.
    pub addresses: u64,
}

/// The orders of one status that hold tickets.
#[derive(Clone, Debug, Serialize)]
pub struct Holds {
    /// Their status.
    pub status: &'static str,
    /// How many orders.
    pub orders: u64,
    /// How many tickets they hold, all together.
    pub tickets: u64,
}

/// The letters of one status.
#[derive(Clone, Debug, Serialize)]
pub struct Letters {
    /// Their status.
    pub status: &'static str,
    /// How many.
    pub letters: u64,
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
    let backlog = match databases {
        Some(databases) => Some(books::Backlog::read(databases).await?),
        None => None,
    };
    let last = connection.ticks().await?;
    let groups: BTreeSet<&str> = EventType::ALL
        .iter()
        .flat_map(|event_type| event_type.groups().iter().copied())
        .chain(WITHOUT_EVENTS)
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
        forged: connection.count_forged().await?,
        outboxes: backlog.map(|backlog| of_outboxes(&backlog.outboxes, now)),
    })
}

/// Reads how much is held, and what waits to be published or mailed; ages are as of `now`.
///
/// # Errors
/// When a database cannot be read.
pub async fn backlog(databases: &Databases, now: SystemTime) -> Result<Backlog, Problem> {
    let backlog = books::Backlog::read(databases).await?;
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    let holds = |status: OrderStatus| {
        let held = backlog.holds.iter().find(|held| held.status == status);
        let (orders, tickets) = held.map_or((0, 0), |held| (held.orders, held.tickets));
        Holds { status: status.name(), orders, tickets }
    };
    let letters = |status: &'static str| {
        let unsent = backlog.letters.iter().find(|unsent| unsent.status == status);
        Letters {
            status,
            letters: unsent.map_or(0, |unsent| unsent.letters),
            oldest_seconds: unsent.map(|unsent| seconds(now, unsent.oldest)),
        }
    };
    let suppressed = |trouble: Trouble| {
        let trouble = trouble.name();
        let known = backlog.suppressed.iter().find(|known| known.trouble == trouble);
        Suppressed { trouble, addresses: known.map_or(0, |known| known.addresses) }
    };
    Ok(Backlog {
        suppressed: [Trouble::Bounce, Trouble::Complaint].map(suppressed).to_vec(),
        letters: ["waiting", "given_up"].map(letters).to_vec(),
        outboxes: of_outboxes(&backlog.outboxes, now),
        holds: [OrderStatus::Created, OrderStatus::AwaitingPayment].map(holds).to_vec(),
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

fn of_outboxes(outboxes: &[books::Waiting], now: i64) -> Vec<OutboxStatus> {
    let of_one = |outbox: &books::Waiting| OutboxStatus {
        service: outbox.service,
        waiting: outbox.events,
        oldest_seconds: outbox.oldest.map(|created_at| seconds(now, created_at)),
    };
    outboxes.iter().map(of_one).collect()
}

fn age(id: Option<&str>, now: i64) -> Option<i64> {
    Some(seconds(now, made_at(id?)?))
}

/// Two clocks may differ a little: nothing is younger than now.
fn seconds(now: i64, then: i64) -> i64 {
    (now.saturating_sub(then) / 1_000).max(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::time::Duration;

    use super::*;
    use crate::store::Database;

    #[tokio::test]
    async fn databases_count_what_is_held_and_what_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let database = rusqlite::Connection::open(&path).unwrap();
        database
            .execute_batch(
                "CREATE TABLE orders_orders (status TEXT, quantity BIGINT);
                 INSERT INTO orders_orders VALUES ('created', 2), ('created', 3), ('complete', 9);
                 CREATE TABLE orders_outbox (id TEXT, created_at BIGINT, published_at BIGINT);
                 INSERT INTO orders_outbox VALUES ('a', 1000, 1500), ('b', 4000, NULL), ('c', 6000, NULL);
                 CREATE TABLE mail_letters (status TEXT, created_at BIGINT);
                 INSERT INTO mail_letters VALUES ('waiting', 7000), ('waiting', 3000), ('sent', 1);
                 CREATE TABLE mail_suppressed (trouble TEXT);
                 INSERT INTO mail_suppressed VALUES ('bounce'), ('bounce');
                 CREATE TABLE tickets_outbox (id TEXT, created_at BIGINT, published_at BIGINT)",
            )
            .unwrap();
        let databases = Databases::shared(Database::Sqlite(path));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        let Backlog { outboxes, holds, letters, suppressed } =
            backlog(&databases, now).await.unwrap();
        let outboxes = outboxes.iter().map(|o| (o.service, o.waiting, o.oldest_seconds));
        let expected = [
            ("admissions", 0, None),
            ("auth", 0, None),
            ("expiration", 0, None),
            ("orders", 2, Some(6)),
            ("payments", 0, None),
            ("tickets", 0, None),
        ];
        assert_eq!(outboxes.collect::<Vec<_>>(), expected);
        let holds: Vec<_> = holds.iter().map(|h| (h.status, h.orders, h.tickets)).collect();
        assert_eq!(holds, [("created", 2, 5), ("awaiting:payment", 0, 0)]);
        let letters = letters.iter().map(|l| (l.status, l.letters, l.oldest_seconds));
        assert_eq!(letters.collect::<Vec<_>>(), [("waiting", 2, Some(7)), ("given_up", 0, None)]);
        let suppressed = suppressed.iter().map(|s| (s.trouble, s.addresses));
        assert_eq!(suppressed.collect::<Vec<_>>(), [("bounce", 2), ("complaint", 0)]);
    }
}
