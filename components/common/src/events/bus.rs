//! The bus on Redis: a stream per type of event, its doorbell, the dead letters.
//!
//! `spin:redis` flattens nested answers. Streams are therefore read one a call, and every entry
//! has the one field `event`; what needs more structure than that is a Lua script which answers
//! with one string.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, anyhow, bail};
use send_wrapper::SendWrapper;
use serde::Deserialize;
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};

use super::{Event, EventType};
use crate::{Timestamp, config};

/// Where events go that a group could not apply.
pub const DEAD_LETTERS: &str = "dead-letters";
/// Hash of each group's last tick, in milliseconds since 1970.
pub const TICKS: &str = "boxoffice:ticks";
/// The one consumer that each group has. Redis hands an entry to one reader of a group, whatever
/// their names; names of their own for instances that live for one message would only pile up.
const CONSUMER: &str = "worker";
/// How many entries one call reads or claims.
const BATCH: i64 = 64;

const PUBLISH: &str = r"
for i, stream in ipairs(KEYS) do
    redis.call('XADD', stream, '*', 'event', ARGV[i])
    redis.call('PUBLISH', stream, ARGV[i])
end
return #KEYS";

/// Takes over what another reader left unacknowledged; answers with how often each entry has been
/// delivered by now, this time included.
const CLAIM: &str = r"
local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], '0-0', 'COUNT', ARGV[4])
local entries = {}
for _, entry in ipairs(claimed[2]) do
    if entry and entry[2] then
        local pending = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)
        local deliveries = pending[1] and pending[1][4] or 1
        entries[#entries + 1] = { id = entry[1], event = entry[2][2], deliveries = deliveries }
    end
end
if #entries == 0 then return '[]' end
return cjson.encode(entries)";

/// Moves an entry to the dead letters and out of the group's pending list, both or neither.
const BURY: &str = r"
redis.call('XADD', KEYS[2], '*', 'stream', KEYS[1], 'group', ARGV[1], 'entry', ARGV[2],
    'event', ARGV[3], 'deliveries', ARGV[4], 'error', ARGV[5], 'at', ARGV[6])
return redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])";

/// Trims a stream up to what every group that must read it has acknowledged. A group that does
/// not exist yet has acknowledged nothing. Streams that nobody must read keep their newest
/// entries for people who look.
const TRIM: &str = r"
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if #ARGV == 1 then return redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[1]) end
local function older(a, b)
    local at, an = a:match('(%d+)-(%d+)')
    local bt, bn = b:match('(%d+)-(%d+)')
    if tonumber(at) ~= tonumber(bt) then return tonumber(at) < tonumber(bt) end
    return tonumber(an) < tonumber(bn)
end
local seen = {}
local keep = nil
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = {}
    for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
    seen[group['name']] = true
    local pending = redis.call('XPENDING', KEYS[1], group['name'])
    local floor = (pending[1] > 0) and pending[2] or group['last-delivered-id']
    if keep == nil or older(floor, keep) then keep = floor end
end
for i = 2, #ARGV do
    if not seen[ARGV[i]] then return 0 end
end
return redis.call('XTRIM', KEYS[1], 'MINID', keep)";

/// How many entries a stream keeps that nobody must read.
const KEEP_UNREAD: i64 = 1_000;

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// An entry of a stream, delivered to a group.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    /// The entry's id in its stream.
    pub id: String,
    /// The event, as JSON.
    pub event: String,
    /// How often it has been delivered to the group, this time included.
    pub deliveries: i64,
}

/// Appends `events` to their streams and rings their doorbells.
///
/// # Errors
/// When Redis cannot be reached or refuses; some of the events may have been published then.
pub async fn publish(events: &[(EventType, String)]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = events.iter().map(|(event_type, _)| event_type.name()).collect();
    let bodies: Vec<&str> = events.iter().map(|(_, body)| body.as_str()).collect();
    script(PUBLISH, &keys, &bodies).await.map(drop)
}

/// The next entries of `event_type`'s stream that `group` has not had; none when it has had all.
/// The group is made, from the stream's beginning, if there is none.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn read(event_type: EventType, group: &str) -> Result<Vec<Delivery>> {
    let stream = event_type.name();
    let count = BATCH.to_string();
    let arguments =
        ["GROUP", group, CONSUMER, "COUNT", count.as_str(), "STREAMS", stream, ">"].map(text);
    let answer = match execute("XREADGROUP", arguments.clone()).await {
        Err(error) if no_group(&error) => {
            make_group(event_type, group).await?;
            execute("XREADGROUP", arguments).await
        }
        answer => answer,
    };
    entries(answer.with_context(|| format!("reading {stream}"))?)
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

/// Takes over entries that were delivered to `group` at least `idle_ms` milliseconds ago and are
/// still unacknowledged.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn claim(event_type: EventType, group: &str, idle_ms: i64) -> Result<Vec<Delivery>> {
    let stream = event_type.name();
    let arguments = [group, CONSUMER, &idle_ms.to_string(), &BATCH.to_string()];
    let answer = script(CLAIM, &[stream], &arguments).await;
    match answer.with_context(|| format!("claiming from {stream}"))?.as_slice() {
        [RedisResult::Binary(json)] => Ok(serde_json::from_slice(json)?),
        other => bail!("claiming from {stream} was answered with {other:?}"),
    }
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

/// Drops from `event_type`'s stream what all its groups have acknowledged.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn trim(event_type: EventType) -> Result<()> {
    let keep = KEEP_UNREAD.to_string();
    let arguments: Vec<&str> =
        std::iter::once(keep.as_str()).chain(event_type.groups().iter().copied()).collect();
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
/// When Redis cannot be reached or refuses.
pub async fn ticks() -> Result<Vec<(String, Timestamp)>> {
    let answer = execute("HGETALL", [TICKS].map(text)).await?;
    let texts = answer.iter().map(as_text).collect::<Result<Vec<_>>>()?;
    texts
        .chunks_exact(2)
        .map(|pair| Ok((pair[0].clone(), Timestamp::from_millis(pair[1].parse()?))))
        .collect()
}

/// Whether Redis answers.
///
/// # Errors
/// When it does not.
pub async fn ping() -> Result<()> {
    execute("PING", []).await.map(drop)
}

async fn script(script: &str, keys: &[&str], arguments: &[&str]) -> Result<Vec<RedisResult>> {
    let count = keys.len().to_string();
    let all = [script, &count].into_iter().chain(keys.iter().copied());
    execute("EVAL", all.chain(arguments.iter().copied()).map(text)).await
}

/// Runs one command. A connection that failed is forgotten, so that the next call opens another.
async fn execute(
    command: &str,
    arguments: impl IntoIterator<Item = RedisParameter>,
) -> Result<Vec<RedisResult>> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    SendWrapper::new(async move {
        let connection = connect().await?;
        let answer = connection.execute(command, arguments).await;
        answer.map_err(|error| {
            CONNECTION.take();
            explain(&error)
        })
    })
    .await
}

async fn connect() -> Result<Rc<Connection>> {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let url = config::variable("redis_url").await?;
    let connection = Connection::open(&url).await.map_err(|error| explain(&error));
    let connection = Rc::new(connection.context("connecting to Redis")?);
    CONNECTION.set(Some(Rc::clone(&connection)));
    Ok(connection)
}

fn explain(error: &Error) -> anyhow::Error {
    match error {
        Error::Other(text) => anyhow!("{text}"),
        error => anyhow!("{error:?}"),
    }
}

fn no_group(error: &anyhow::Error) -> bool {
    error.to_string().contains("NOGROUP")
}

fn text(argument: &str) -> RedisParameter {
    RedisParameter::Binary(argument.as_bytes().to_vec())
}

fn as_text(value: &RedisResult) -> Result<String> {
    match value {
        RedisResult::Binary(bytes) => Ok(String::from_utf8(bytes.clone())?),
        RedisResult::Status(text) => Ok(text.clone()),
        RedisResult::Int64(number) => Ok(number.to_string()),
        RedisResult::Nil => bail!("Redis answered nil where text was due"),
    }
}

/// Reads `XREADGROUP`'s flattened answer: the stream's name, then id, `event`, body for each entry.
fn entries(answer: Vec<RedisResult>) -> Result<Vec<Delivery>> {
    if matches!(answer.as_slice(), [] | [RedisResult::Nil]) {
        return Ok(Vec::new());
    }
    let rest = &answer[1..];
    if !rest.len().is_multiple_of(3) {
        bail!("a stream holds an entry that is not one field named event");
    }
    rest.chunks_exact(3)
        .map(|entry| {
            Ok(Delivery { id: as_text(&entry[0])?, event: as_text(&entry[2])?, deliveries: 1 })
        })
        .collect()
}

impl Delivery {
    /// The event that the entry holds.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn parse(&self) -> Result<Event> {
        serde_json::from_str(&self.event).context("the entry is not an event of Boxoffice")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn flat(texts: &[&str]) -> Vec<RedisResult> {
        texts.iter().map(|text| RedisResult::Binary(text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn flattened_entries_are_told_apart() {
        let read = entries(flat(&["order:created", "1-0", "event", "{}", "1-1", "event", "[]"]));
        let read = read.unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read[1].id.as_str(), read[1].event.as_str()), ("1-1", "[]"));
        assert!(entries(vec![RedisResult::Nil]).unwrap().is_empty());
        entries(flat(&["order:created", "1-0", "event"])).unwrap_err();
    }
}
