//! The bus on Redis: a stream per type of event, its doorbell, the dead letters.
//!
//! `spin:redis` flattens nested answers, so that an entry's end is lost. Streams are therefore read
//! by Lua scripts that answer with one string. Each of our entries has the one field `event`; what
//! others may have put there is read as far as it can be, so that it holds up nothing but itself.

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

/// Gives JSON of entries, with the value of their first field as the event.
const ENTRIES: &str = r"
local function encode(raw, deliveries)
    local entries = {}
    for _, entry in ipairs(raw) do
        if entry and entry[2] then
            entries[#entries + 1] =
                { id = entry[1], event = entry[2][2], deliveries = deliveries(entry[1]) }
        end
    end
    if #entries == 0 then return '[]' end
    return cjson.encode(entries)
end
";

/// Reads what the group has not had.
const READ: &str = r"
local answer = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', KEYS[1], '>')
if not answer then return '[]' end
return encode(answer[1][2], function() return 1 end)";

/// Takes over what another reader left unacknowledged; answers with how often each entry has been
/// delivered by now, this time included.
const CLAIM: &str = r"
local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], '0-0', 'COUNT', ARGV[4])
return encode(claimed[2], function(id)
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
    return pending[1] and pending[1][4] or 1
end)";

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
local function parts(id)
    local ms, seq = id:match('(%d+)-(%d+)')
    return tonumber(ms), tonumber(seq)
end
local function older(a, b)
    local at, an = parts(a)
    local bt, bn = parts(b)
    if at ~= bt then return at < bt end
    return an < bn
end
local function after(id)
    local ms, seq = id:match('(%d+)-(%d+)')
    return string.format('%s-%d', ms, tonumber(seq) + 1)
end
local seen = {}
local keep = nil
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = {}
    for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
    seen[group['name']] = true
    local pending = redis.call('XPENDING', KEYS[1], group['name'])
    local needs = (pending[1] > 0) and pending[2] or after(group['last-delivered-id'])
    if keep == nil or older(needs, keep) then keep = needs end
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
    let arguments = [group, CONSUMER, &count];
    let answer = match deliveries(READ, stream, &arguments).await {
        Err(error) if no_group(&error) => {
            make_group(event_type, group).await?;
            deliveries(READ, stream, &arguments).await
        }
        answer => answer,
    };
    answer.with_context(|| format!("reading {stream}"))
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
    let claimed = deliveries(CLAIM, stream, &arguments).await;
    claimed.with_context(|| format!("claiming from {stream}"))
}

/// The entries of `stream` that `source`, which ends in a call of `encode`, answers with.
async fn deliveries(source: &str, stream: &str, arguments: &[&str]) -> Result<Vec<Delivery>> {
    let answer = script(&format!("{ENTRIES}{source}"), &[stream], arguments).await?;
    match answer.as_slice() {
        [RedisResult::Binary(json)] => parse(json),
        other => bail!("a list of entries was answered with {other:?}"),
    }
}

/// Reads the JSON of [`ENTRIES`]. What others have put into an event need not be text: the event is
/// not one of ours then, and the entries around it must not suffer from it.
fn parse(json: &[u8]) -> Result<Vec<Delivery>> {
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

    #[test]
    fn an_entry_that_is_not_text_leaves_the_others_whole() {
        let json = b"[{\"id\":\"1-0\",\"event\":\"\xff\xfe\",\"deliveries\":1},\
            {\"id\":\"1-1\",\"event\":\"{}\",\"deliveries\":8}]";
        let read = parse(json).unwrap();
        read[0].parse().unwrap_err();
        assert_eq!((read[1].id.as_str(), read[1].event.as_str()), ("1-1", "{}"));
        assert_eq!(read[1].deliveries, 8);
        assert!(parse(b"[]").unwrap().is_empty());
    }
}
