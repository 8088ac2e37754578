//! The bus on Redis: a stream per type of event, its doorbell, the dead letters.
//!
//! Each of our entries has the one field `event`; what others may have put there is read as far as
//! it can be, so that it holds up nothing but itself.
//!
//! What grows here, and how far: streams, by what some group has not acknowledged; those that nobody
//! reads, to a thousand entries; the dead letters, until somebody decides about them. Each group has
//! one consumer, and the two hashes have a field for each group or stream.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use boxoffice_contract::bus::{DEAD_LETTERS, FORGED, TICKS};
use serde::Deserialize;
use spin_sdk::redis::RedisResult;

use super::entry::{EntryId, Published};
use super::scripts::{
    APPEND, APPEND_CAPPED, BURY, CLAIM, ENTRIES, GIVE_BACK, PUBLISH, RANGE, READ, STANDING, TRIM,
};
use super::{Event, EventType};
use crate::redis::{self, as_text, execute, script, text};
use crate::{Timestamp, Trace};

/// Hash of how far each stream has been compared with the outbox of the service that writes it.
const COMPARED: &str = "boxoffice:compared";
/// Hash of when each stream's doorbell was last rung, in milliseconds since 1970, and how many of its
/// rings wait to be heard.
const RUNG: &str = "boxoffice:rung";
/// After how long a doorbell that nobody followed counts as lost, in milliseconds.
const LOST_RING_MS: i64 = 200;
/// How many rings of a stream may wait to be heard. Who follows along by the channels alone hears all
/// that happens as long as there are no more.
const RINGS_WAITING: usize = 16;
/// The one consumer that each group has. Redis hands an entry to one reader of a group, whatever
/// their names; names of their own for instances that live for one message would only pile up.
const CONSUMER: &str = "worker";
/// How many entries one call reads or claims.
pub(super) const BATCH: usize = 64;
/// How many entries a stream keeps that nobody must read.
const KEEP_UNREAD: i64 = 1_000;
/// How old an entry must be to be trimmed, in milliseconds: so long may it take whoever published
/// it to say so in the outbox. What was trimmed before would look lost, and be published again.
const YOUNG_MS: i64 = 2_000;
/// How long those wait for Redis who can do without its answer. One that hangs must not make whoever
/// asks how Redis is doing believe that the shop hangs: probes give up after a second or so.
const AT_ONCE: Duration = Duration::from_millis(500);
/// What entries that are given back are said to have been left alone for, in milliseconds: longer
/// than any `event_retry_ms`.
const LONG_IDLE_MS: i64 = 24 * 60 * 60 * 1000;

/// An entry of a stream, delivered to a group.
#[derive(Clone, Debug, Deserialize)]
pub struct Delivery {
    /// The entry's id in its stream.
    pub id: String,
    /// The event, as JSON.
    pub event: String,
    /// How often it has been delivered to the group, this time included.
    pub deliveries: i64,
}

/// Entries of a stream, and where to go on with the next ones.
#[derive(Debug, Deserialize)]
pub struct Deliveries {
    /// The entries.
    pub entries: Vec<Delivery>,
    /// Where the next call of [`claim`] begins; [`START`] when there are no more.
    pub next: String,
}

/// Where [`claim`] begins.
pub const START: &str = "0-0";

/// What has become of a published event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Every group that must read it has acknowledged it.
    Had,
    /// It is in its stream, for a group that must read it still.
    Waiting,
    /// It is not in its stream any more.
    Lost,
}

/// Appends `events` to their streams and rings the doorbell for each, unless everybody who must hear
/// it has been rung for often enough to look anyway; the ids of their entries, in the same order.
///
/// # Errors
/// When Redis cannot be reached or refuses; some of the events may have been published then.
pub async fn publish(events: &[(EventType, String)]) -> Result<Vec<EntryId>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<&str> = std::iter::once(RUNG).chain(streams(events)).collect();
    let mut arguments = vec![LOST_RING_MS.to_string(), RINGS_WAITING.to_string()];
    for (event_type, body) in events {
        arguments.extend([body.clone(), event_type.groups().join(" ")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ids(&script(PUBLISH, &keys, &arguments).await?)
}

/// Appends `events` to their streams and leaves it to [`ring`] to say so; the ids of their entries,
/// in the same order.
///
/// # Errors
/// When Redis cannot be reached or refuses; some of the events may have been appended then.
pub async fn append(events: &[(EventType, String)]) -> Result<Vec<EntryId>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<&str> = streams(events).collect();
    let bodies: Vec<&str> = events.iter().map(|(_, body)| body.as_str()).collect();
    ids(&script(APPEND, &keys, &bodies).await?)
}

fn streams(events: &[(EventType, String)]) -> impl Iterator<Item = &str> {
    events.iter().map(|(event_type, _)| event_type.name())
}

fn ids(answer: &[RedisResult]) -> Result<Vec<EntryId>> {
    answer.iter().map(|id| as_text(id)?.parse()).collect()
}

/// Rings the doorbell of `event_type` with `event`, the newest in its stream.
///
/// # Errors
/// When Redis cannot be reached or refuses; a tick finds what is in the stream all the same.
pub async fn ring(event_type: EventType, event: &str) -> Result<()> {
    execute("PUBLISH", [event_type.name(), event].map(text)).await.map(drop)
}

/// What has become of each of these events of `event_type`, in the same order.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn standing(event_type: EventType, events: &[Published]) -> Result<Vec<Standing>> {
    let groups = event_type.groups();
    let mut arguments = vec![groups.len().to_string()];
    arguments.extend(groups.iter().map(|group| (*group).to_owned()));
    arguments.extend(events.iter().flat_map(|event| [event.entry.to_string(), event.id.clone()]));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = script(STANDING, &[event_type.name()], &arguments).await?;
    let letters = answer.first().map(as_text).transpose()?.unwrap_or_default();
    if letters.len() != events.len() {
        bail!("Redis answered for {} events, but {} were asked about", letters.len(), events.len());
    }
    let standing = |letter| match letter {
        'h' => Ok(Standing::Had),
        'w' => Ok(Standing::Waiting),
        'l' => Ok(Standing::Lost),
        other => bail!("Redis answered {other:?}, which is not the state of an event"),
    };
    letters.chars().map(standing).collect()
}

/// How far `event_type`'s stream has been compared with the outbox: every event that was published
/// before was found there. Redis forgets this with the entries that it is about, and not after them.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn compared(event_type: EventType) -> Result<EntryId> {
    let answer = execute("HGET", [COMPARED, event_type.name()].map(text)).await?;
    match answer.first() {
        None | Some(RedisResult::Nil) => Ok(EntryId::ZERO),
        Some(id) => as_text(id)?.parse(),
    }
}

/// Notes how far `event_type`'s stream has been compared with the outbox.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn set_compared(event_type: EventType, until: EntryId) -> Result<()> {
    let until = until.to_string();
    execute("HSET", [COMPARED, event_type.name(), &until].map(text)).await.map(drop)
}

/// The next entries of `event_type`'s stream that `group` has not had: all of them, or [`BATCH`]. The
/// group is made, from the stream's beginning, if there is none.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn read(event_type: EventType, group: &str) -> Result<Vec<Delivery>> {
    let stream = event_type.name();
    let count = BATCH.to_string();
    let arguments = [group, CONSUMER, &count];
    let answer = match deliveries(READ, stream, &arguments).await {
        Err(error) if no_group(&error) => {
            make_group(event_type, group).await?;
            deliveries(READ, stream, &arguments).await
        }
        answer => answer,
    };
    Ok(answer.with_context(|| format!("reading {stream}"))?.entries)
}

/// Makes sure that `group` exists on `event_type`'s stream, from the stream's beginning.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn make_group(event_type: EventType, group: &str) -> Result<()> {
    let stream = event_type.name();
    match execute("XGROUP", ["CREATE", stream, group, "0", "MKSTREAM"].map(text)).await {
        Err(error) if !error.to_string().contains("BUSYGROUP") => {
            Err(error).with_context(|| format!("making the group {group} of {stream}"))
        }
        _ => Ok(()),
    }
}

/// Takes over entries, from `start` on, that were delivered to `group` at least `idle_ms`
/// milliseconds ago and are still unacknowledged.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn claim(
    event_type: EventType,
    group: &str,
    idle_ms: i64,
    start: &str,
) -> Result<Deliveries> {
    let stream = event_type.name();
    let arguments = [group, CONSUMER, &idle_ms.to_string(), start, &BATCH.to_string()];
    let claimed = deliveries(CLAIM, stream, &arguments).await;
    claimed.with_context(|| format!("claiming from {stream}"))
}

/// Gives entries back that `group` has not got round to: this delivery does not count, and the next
/// [`claim`] may take them, whatever its `idle_ms`.
///
/// # Errors
/// When Redis cannot be reached or refuses; they are delivered again all the same, later.
pub async fn give_back(event_type: EventType, group: &str, entries: &[Delivery]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut arguments = vec![group.to_owned(), CONSUMER.to_owned(), LONG_IDLE_MS.to_string()];
    for Delivery { id, deliveries, .. } in entries {
        arguments.extend([id.clone(), (deliveries - 1).to_string()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    script(GIVE_BACK, &[event_type.name()], &arguments).await.map(drop)
}

/// Appends `values` to `stream`, which keeps about `kept` entries.
///
/// # Errors
/// When Redis cannot be reached or refuses; nothing was appended then.
pub(super) async fn append_capped(stream: &str, kept: usize, values: &[String]) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let kept = kept.to_string();
    let arguments = std::iter::once(kept.as_str()).chain(values.iter().map(String::as_str));
    script(APPEND_CAPPED, &[stream], &arguments.collect::<Vec<_>>()).await.map(drop)
}

/// At most `count` entries of `stream`, from `start` (included) on.
///
/// # Errors
/// When Redis cannot be reached, refuses, or does not answer at once.
pub(super) async fn range(stream: &str, start: EntryId, count: usize) -> Result<Vec<Delivery>> {
    let (start, count) = (start.to_string(), count.to_string());
    let arguments = [start.as_str(), &count];
    let read = redis::within(AT_ONCE, deliveries(RANGE, stream, &arguments)).await;
    Ok(read.with_context(|| format!("reading {stream}"))?.entries)
}

/// The entries of `stream` that `source`, which uses [`ENTRIES`], answers with.
async fn deliveries(source: &str, stream: &str, arguments: &[&str]) -> Result<Deliveries> {
    let answer = script(&format!("{ENTRIES}{source}"), &[stream], arguments).await?;
    match answer.as_slice() {
        [RedisResult::Binary(json)] => parse(json),
        other => bail!("Redis answered {other:?} instead of a list of entries"),
    }
}

/// Reads the JSON of [`READ`] and [`CLAIM`]. What others have put into an event need not be text: the event is
/// not one of ours then, and the entries around it must not suffer from it.
fn parse(json: &[u8]) -> Result<Deliveries> {
    Ok(serde_json::from_str(&String::from_utf8_lossy(json))?)
}

/// Tells Redis that `group` is done with `ids`.
///
/// # Errors
/// When Redis cannot be reached or refuses; the entries are delivered again then.
pub async fn acknowledge(event_type: EventType, group: &str, ids: &[String]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let arguments = [event_type.name(), group].into_iter().chain(ids.iter().map(String::as_str));
    execute("XACK", arguments.map(text)).await.map(drop)
}

/// Puts an entry that `group` cannot apply among the dead letters.
///
/// # Errors
/// When Redis cannot be reached or refuses; nothing has changed then.
pub async fn bury(
    event_type: EventType,
    group: &str,
    delivery: &Delivery,
    error: &str,
) -> Result<()> {
    let deliveries = delivery.deliveries.to_string();
    let now = Timestamp::now().to_string();
    let arguments = [group, &delivery.id, &delivery.event, &deliveries, error, &now];
    script(BURY, &[event_type.name(), DEAD_LETTERS], &arguments).await.map(drop)
}

/// Counts an event that no service of ours published, and that `group` has refused.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn count_forged(group: &str) -> Result<()> {
    execute("HINCRBY", [FORGED, group, "1"].map(text)).await.map(drop)
}

/// Drops from `event_type`'s stream what all its groups have acknowledged, up to `first`, where the
/// outbox has the first event that it still looks after.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn trim(event_type: EventType, first: Option<EntryId>) -> Result<()> {
    let first = first.unwrap_or(EntryId { ms: i64::MAX, seq: 0 }).to_string();
    let (keep, young) = (KEEP_UNREAD.to_string(), YOUNG_MS.to_string());
    let arguments = [keep.as_str(), &young, &first].into_iter();
    let arguments: Vec<&str> = arguments.chain(event_type.groups().iter().copied()).collect();
    script(TRIM, &[event_type.name()], &arguments).await.map(drop)
}

/// Notes that `group` has had a tick at `now`.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn ticked(group: &str, now: Timestamp) -> Result<()> {
    execute("HSET", [TICKS, group, &now.as_millis().to_string()].map(text)).await.map(drop)
}

/// Each group's last tick.
///
/// # Errors
/// When Redis cannot be reached, refuses, or does not answer at once.
pub async fn ticks() -> Result<Vec<(String, Timestamp)>> {
    let answer = redis::within(AT_ONCE, execute("HGETALL", [text(TICKS)])).await?;
    let texts = answer.iter().map(as_text).collect::<Result<Vec<_>>>()?;
    texts
        .chunks_exact(2)
        .map(|pair| Ok((pair[0].clone(), Timestamp::from_millis(pair[1].parse()?))))
        .collect()
}

/// Whether Redis answers and keeps what it is given: one that is full still answers.
///
/// # Errors
/// When it does not, or not at once.
pub async fn ping() -> Result<()> {
    let probe = ["boxoffice:probe", "1", "PX", "60000"].map(text);
    redis::within(AT_ONCE, execute("SET", probe)).await.map(drop)
}

fn no_group(error: &anyhow::Error) -> bool {
    error.to_string().contains("NOGROUP")
}

impl Delivery {
    /// The event that the entry holds.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn parse(&self) -> Result<Event> {
        serde_json::from_str(&self.event).context("the entry is not an event of Boxoffice")
    }

    /// The trace that has caused the event, as far as that can be read of an entry which may be no
    /// event of ours.
    #[must_use]
    pub fn trace(&self) -> Trace {
        #[derive(Default, Deserialize)]
        struct Traced {
            #[serde(default)]
            traceparent: Trace,
        }
        serde_json::from_str::<Traced>(&self.event).unwrap_or_default().traceparent
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_entry_that_is_not_text_leaves_the_others_whole() {
        let json = b"{\"next\":\"7-0\",\"entries\":[\
            {\"id\":\"1-0\",\"event\":\"\xff\xfe\",\"deliveries\":1},\
            {\"id\":\"1-1\",\"event\":\"{}\",\"deliveries\":8}]}";
        let Deliveries { entries: read, next } = parse(json).unwrap();
        assert_eq!(next, "7-0");
        read[0].parse().unwrap_err();
        assert_eq!((read[1].id.as_str(), read[1].event.as_str()), ("1-1", "{}"));
        assert_eq!(read[1].deliveries, 8);
        assert!(parse(b"{\"next\":\"0-0\",\"entries\":[]}").unwrap().entries.is_empty());
    }

    #[test]
    fn what_cannot_be_applied_tells_its_trace_all_the_same() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let of = |event: String| Delivery { id: "1-0".to_owned(), event, deliveries: 1 };
        let broken = of(format!("{{\"traceparent\":\"{traceparent}\"}}"));
        broken.parse().unwrap_err();
        assert_eq!(broken.trace(), Trace::parse(traceparent));
        for event in ["", "no event", "[]", "{}", "{\"traceparent\":7}"] {
            assert!(of(event.to_owned()).trace().is_none(), "{event}");
        }
    }
}
