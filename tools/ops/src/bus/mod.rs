//! Redis, as operators see it: how far each group has come in each stream, when it last had a
//! tick, and what could not be applied.
//!
//! A stream and all its groups are read by one script, so that they are of one moment.

mod dead_letters;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use boxoffice_contract::EventType;
use boxoffice_contract::bus::{DEAD_LETTERS, FORGED, TICKS};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, FromRedisValue, IntoConnectionInfo,
};
use serde::Deserialize;

pub use dead_letters::{Letter, Refusal, Replayed};

use crate::sources::Problem;

/// How long a connection or an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many entries one call reads.
const BATCH: usize = 500;

/// JSON of a stream and its groups. What does not exist is left out, and so are lists that are
/// empty, which Redis would write as objects.
const STREAM: &str = r"
local stream = { length = 0 }
if redis.call('EXISTS', KEYS[1]) == 0 then return cjson.encode(stream) end
local function first(entries) return entries[1] and entries[1][1] or nil end
stream.length = redis.call('XLEN', KEYS[1])
stream.oldest = first(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1))
for i, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local known = {}
    for at = 1, #info, 2 do known[info[at]] = info[at + 1] end
    local delivered = known['last-delivered-id']
    local pending = redis.call('XPENDING', KEYS[1], known['name'])
    stream.groups = stream.groups or {}
    stream.groups[i] = {
        name = known['name'],
        delivered = delivered,
        lag = known['lag'] or nil,
        unread = first(redis.call('XRANGE', KEYS[1], '(' .. delivered, '+', 'COUNT', 1)),
        pending = pending[1],
        unacknowledged = pending[1] > 0 and pending[2] or nil,
    }
end
return cjson.encode(stream)";

/// The Redis of a shop.
#[derive(Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

/// Without the password.
impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A stream, and how far its groups have come.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) event_type: EventType,
    /// How many entries it has.
    pub(crate) length: u64,
    /// The id of the first one.
    pub(crate) oldest: Option<String>,
    /// The groups there are: those that must read it, and others.
    pub(crate) groups: Vec<Group>,
}

/// How far a group has come in a stream.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// How many entries it has not had.
    pub(crate) lag: u64,
    /// The oldest of those.
    pub(crate) unread: Option<String>,
    /// How many it has had and not acknowledged.
    pub(crate) pending: u64,
    /// The oldest of those.
    pub(crate) unacknowledged: Option<String>,
}

impl Stream {
    /// Its group of this name.
    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The groups that must read it and are not there.
    pub(crate) fn missing_groups(&self) -> Vec<&'static str> {
        let is_missing = |name: &&'static str| self.group(name).is_none();
        self.event_type.groups().iter().copied().filter(is_missing).collect()
    }
}

/// A stream as [`STREAM`] tells of it.
#[derive(Deserialize)]
struct Told {
    length: u64,
    oldest: Option<String>,
    #[serde(default)]
    groups: Vec<ToldGroup>,
}

#[derive(Deserialize)]
struct ToldGroup {
    name: String,
    delivered: String,
    /// What Redis says; not every version does, and none after entries were deleted.
    lag: Option<i64>,
    unread: Option<String>,
    pending: u64,
    unacknowledged: Option<String>,
}

impl Bus {
    /// The Redis at `url`, `redis://[[USER]:PASSWORD@]HOST:PORT[/DATABASE]`. Nothing is asked of
    /// it yet.
    ///
    /// # Errors
    /// When `url` is none. The message does not repeat it: it may hold a password.
    pub fn new(url: &str) -> Result<Self, Problem> {
        let wrong = |why: String| {
            Problem::new(
                format!("the variable redis_url is invalid: {why}"),
                "write it as redis://HOST:PORT, or redis://:PASSWORD@HOST:PORT",
            )
        };
        let info = url.into_connection_info().map_err(|error| wrong(error.to_string()))?;
        let name = match info.addr() {
            ConnectionAddr::Tcp(host, port) => format!("{host}:{port}"),
            _ => return Err(wrong("only plain TCP is supported".to_owned())),
        };
        let client = Client::open(info).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { client, name })
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<Connection, Problem> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let opened = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let redis = opened.map_err(|error| unreadable(&self.name, &error))?;
        Ok(Connection { redis, name: self.name.clone() })
    }
}

/// A connection to the Redis of a shop.
pub(crate) struct Connection {
    redis: MultiplexedConnection,
    name: String,
}

impl Connection {
    /// Every stream of the contract.
    pub(crate) async fn streams(&mut self) -> Result<Vec<Stream>, Problem> {
        let mut streams = Vec::with_capacity(EventType::ALL.len());
        for event_type in EventType::ALL {
            streams.push(self.stream(event_type).await?);
        }
        Ok(streams)
    }

    async fn stream(&mut self, event_type: EventType) -> Result<Stream, Problem> {
        let told: Vec<u8> = self.eval(STREAM, &[event_type.name()], &[]).await?;
        // A stranger's group may have any name.
        let told: Told = serde_json::from_str(&String::from_utf8_lossy(&told))
            .map_err(|error| self.strange(event_type.name(), &error.to_string()))?;
        let mut groups = Vec::with_capacity(told.groups.len());
        for group in told.groups {
            let lag = match (&group.unread, group.lag) {
                (None, _) => 0,
                (Some(_), Some(lag)) if lag > 0 => lag.unsigned_abs(),
                // All of it, if not even the first entry was delivered.
                (unread, _) if *unread == told.oldest => told.length,
                _ => self.count_after(event_type.name(), &group.delivered).await?,
            };
            let ToldGroup { name, unread, pending, unacknowledged, .. } = group;
            groups.push(Group { name, lag, unread, pending, unacknowledged });
        }
        Ok(Stream { event_type, length: told.length, oldest: told.oldest, groups })
    }

    async fn count_after(&mut self, stream: &str, id: &str) -> Result<u64, Problem> {
        let mut count = 0;
        let mut after = id.to_owned();
        loop {
            let entries = self.entries(stream, &format!("({after}")).await?;
            count += entries.len() as u64;
            match entries.last() {
                Some((last, _)) if entries.len() == BATCH => after.clone_from(last),
                _ => return Ok(count),
            }
        }
    }

    /// At most [`BATCH`] entries of `stream` from `start` on, oldest first.
    async fn entries(&mut self, stream: &str, start: &str) -> Result<Vec<Entry>, Problem> {
        let mut range = redis::cmd("XRANGE");
        range.arg(&[stream, start, "+", "COUNT"]).arg(BATCH);
        let entries = range.query_async(&mut self.redis).await;
        self.read(entries)
    }

    /// How many dead letters there are.
    pub(crate) async fn count_letters(&mut self) -> Result<u64, Problem> {
        let count = redis::cmd("XLEN").arg(DEAD_LETTERS).query_async(&mut self.redis).await;
        self.read(count)
    }

    /// How many events all groups have refused since no service of ours had published them.
    pub(crate) async fn count_forged(&mut self) -> Result<u64, Problem> {
        let counts = redis::cmd("HVALS").arg(FORGED).query_async(&mut self.redis).await;
        let counts: Vec<u64> = self.read(counts)?;
        Ok(counts.into_iter().sum())
    }

    /// Each group's last tick, in milliseconds since 1970.
    pub(crate) async fn ticks(&mut self) -> Result<BTreeMap<String, i64>, Problem> {
        let ticks = redis::cmd("HGETALL").arg(TICKS).query_async(&mut self.redis).await;
        self.read(ticks)
    }

    /// Redis's own time, by which it makes the ids of entries, in milliseconds since 1970.
    pub(crate) async fn time(&mut self) -> Result<i64, Problem> {
        let time = redis::cmd("TIME").query_async(&mut self.redis).await;
        let (seconds, micros): (i64, i64) = self.read(time)?;
        Ok(seconds * 1_000 + micros / 1_000)
    }

    /// What a script answers, which has these keys and arguments.
    async fn eval<T: FromRedisValue>(
        &mut self,
        script: &str,
        keys: &[&str],
        arguments: &[&str],
    ) -> Result<T, Problem> {
        let mut eval = redis::cmd("EVAL");
        eval.arg(script).arg(keys.len()).arg(keys).arg(arguments);
        let answer = eval.query_async(&mut self.redis).await;
        self.read(answer)
    }

    fn read<T>(&self, outcome: redis::RedisResult<T>) -> Result<T, Problem> {
        outcome.map_err(|error| unreadable(&self.name, &error))
    }

    fn strange(&self, key: &str, why: &str) -> Problem {
        Problem::new(
            format!("the Redis at {} has {key} in a form that cannot be read: {why}", self.name),
            "check that the variable redis_url names the shop's Redis, and that nobody else \
             writes there",
        )
    }
}

/// An entry of a stream: its id and its fields, which strangers may have put there.
type Entry = (String, HashMap<Vec<u8>, Vec<u8>>);

fn unreadable(name: &str, error: &redis::RedisError) -> Problem {
    let is_refused = error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"));
    let remedy = if is_refused {
        "give the variable redis_url (SPIN_VARIABLE_REDIS_URL) the right password"
    } else if error.is_io_error() || error.is_timeout() {
        "start it (`boxoffice up` runs one), or set the variable redis_url \
         (SPIN_VARIABLE_REDIS_URL) to the address of the shop's Redis"
    } else {
        "check that the variable redis_url (SPIN_VARIABLE_REDIS_URL) names the shop's Redis, 6.2 \
         or newer, and that its user may read and write streams"
    };
    Problem::new(format!("the Redis at {name} cannot be used: {error}"), remedy)
}

/// When an entry was made, in milliseconds since 1970, as its id says.
pub(crate) fn made_at(id: &str) -> Option<i64> {
    id.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_url_of_no_use_is_not_repeated() {
        for url in ["redis//:secret@host", "rediss://:secret@host", "unix:///secret"] {
            let problem = Bus::new(url).unwrap_err();
            assert!(problem.what.contains("redis_url"), "{problem}");
            assert!(!problem.to_string().contains("secret"), "{problem}");
        }
    }

    #[test]
    fn debugging_shows_no_password() {
        let bus = Bus::new("redis://:secret@127.0.0.1:1").unwrap();
        let shown = format!("{bus:?}");
        assert!(shown.contains("127.0.0.1:1") && !shown.contains("secret"), "{shown}");
    }

    #[tokio::test]
    async fn nobody_at_home_is_told_with_the_way_out() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let bus = Bus::new(&format!("redis://:secret@{address}")).unwrap();
        let problem = bus.connect().await.err().unwrap();
        assert!(problem.what.contains(&address.to_string()), "{problem}");
        assert!(problem.remedy.contains("SPIN_VARIABLE_REDIS_URL"), "{problem}");
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}
