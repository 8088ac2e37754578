//! Connections to Redis, kept for the next guest that opens one.
//!
//! A worker lives for one message: without this, each would begin with a new TCP connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, RedisError};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// How long a connection attempt may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take; blocking commands have to wait for less.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that are kept for each address.
const KEPT: usize = 16;
/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(30);
/// For how long a connection that nobody used is believed to be there still.
const FRESH: Duration = Duration::from_secs(1);
/// How soon a server has to say that it is.
const PING_TIMEOUT: Duration = Duration::from_millis(500);

/// Commands that leave nothing behind on their connection: no other database, no transaction, no
/// subscription, no name. After any other the connection is not lent again.
const PLAIN: [&str; 36] = [
    "DEL",
    "EVAL",
    "EVALSHA",
    "EXISTS",
    "EXPIRE",
    "FCALL",
    "GET",
    "HDEL",
    "HGET",
    "HGETALL",
    "HLEN",
    "HMGET",
    "HSET",
    "INCR",
    "INFO",
    "MGET",
    "PING",
    "PUBLISH",
    "SADD",
    "SET",
    "SMEMBERS",
    "SREM",
    "TTL",
    "XACK",
    "XADD",
    "XAUTOCLAIM",
    "XCLAIM",
    "XDEL",
    "XGROUP",
    "XINFO",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREVRANGE",
    "XTRIM",
    "ZADD",
];

/// The servers that components have connected to, by address.
#[derive(Default)]
pub(crate) struct Servers(Mutex<HashMap<String, Vec<Idle>>>);

struct Idle {
    open: Open,
    since: Instant,
}

/// A connection, and the task that reads from it, which ends with it.
struct Open {
    connection: MultiplexedConnection,
    reader: JoinHandle<()>,
}

/// A connection while one guest has it.
pub(super) struct Lent {
    servers: Arc<Servers>,
    address: String,
    /// None only while it is dropped.
    open: Option<Open>,
    /// Whether a next guest would notice that there was one before.
    is_marked: AtomicBool,
}

impl Servers {
    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<Idle>>> {
        // Lists of handles: whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection to the server at `address`.
    ///
    /// # Errors
    /// The address is none, or nobody answers there.
    pub(super) async fn connect(self: &Arc<Self>, address: &str) -> Result<Lent, RedisError> {
        let open = match self.kept(address).await {
            Some(open) => open,
            None => open(address).await?,
        };
        let (servers, address) = (self.clone(), address.to_owned());
        Ok(Lent { servers, address, open: Some(open), is_marked: AtomicBool::new(false) })
    }

    async fn kept(&self, address: &str) -> Option<Open> {
        let Idle { open, since } = self.idle().get_mut(address)?.pop()?;
        if open.reader.is_finished() {
            // The server has hung up, as it does when it ends.
            self.forget(address);
            return None;
        }
        if since.elapsed() < FRESH {
            return Some(open);
        }
        let ping = redis::cmd("PING");
        let mut connection = open.connection.clone();
        let answer = tokio::time::timeout(PING_TIMEOUT, connection.send_packed_command(&ping));
        if matches!(answer.await, Ok(Ok(_))) {
            return Some(open);
        }
        self.forget(address);
        None
    }

    /// Closes connections that nobody has used for a while.
    pub(crate) fn tidy(&self) {
        self.idle().retain(|_, kept| {
            kept.retain(|idle| idle.since.elapsed() < IDLE);
            !kept.is_empty()
        });
    }

    /// Gives up all connections to a server that did not answer on one.
    fn forget(&self, address: &str) {
        self.idle().remove(address);
    }
}

async fn open(address: &str) -> Result<Open, RedisError> {
    let client = Client::open(address)?;
    let info = client.get_connection_info();
    let ConnectionAddr::Tcp(host, port) = info.addr() else {
        return Err(
            (redis::ErrorKind::InvalidClientConfig, "only redis://host:port is supported").into()
        );
    };
    let connecting = async {
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE_TIMEOUT));
        MultiplexedConnection::new_with_config(info.redis_settings(), stream, config).await
    };
    let timed_out = |_| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
    let (connection, reading) = connected.map_err(timed_out)??;
    Ok(Open { connection, reader: tokio::spawn(reading) })
}

impl Lent {
    /// Sends a command of this name and reads its answer.
    ///
    /// # Errors
    /// What Redis says; that it says nothing.
    pub(super) async fn run(
        &self,
        name: &str,
        command: redis::Cmd,
    ) -> Result<redis::Value, RedisError> {
        if !PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(name)) {
            self.is_marked.store(true, Ordering::Relaxed);
        }
        let given_back =
            || RedisError::from(std::io::Error::from(std::io::ErrorKind::NotConnected));
        let open = self.open.as_ref().ok_or_else(given_back)?;
        let answer = open.connection.clone().send_packed_command(&command).await;
        if answer.as_ref().is_err_and(|error| error.code().is_none()) {
            // Not said by the server: the connection broke, or nothing came in time.
            self.is_marked.store(true, Ordering::Relaxed);
            self.servers.forget(&self.address);
        }
        answer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(open) = self.open.take().filter(|_| !self.is_marked.load(Ordering::Relaxed))
        else {
            return;
        };
        let mut servers = self.servers.idle();
        let kept = servers.entry(std::mem::take(&mut self.address)).or_default();
        if kept.len() < KEPT {
            kept.push(Idle { open, since: Instant::now() });
        }
    }
}
