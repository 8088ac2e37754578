//! What the caller of the host decides.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::fault::Faults;
use crate::trace::Tracing;

/// How to run an application.
#[derive(Clone)]
pub struct Options {
    /// The application's `spin.toml`.
    pub manifest: PathBuf,
    /// Where HTTP is served; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Folder of the application's data: the SQLite database `label` is `sqlite/<label>.db` in it.
    pub data: PathBuf,
    /// The labels of the SQLite databases that there are; Spin's own default is `default` alone.
    pub databases: BTreeSet<String>,
    /// Folder of compiled components. It can be deleted at any time.
    pub cache: PathBuf,
    /// Values of application variables; they win over the manifest's defaults.
    pub variables: BTreeMap<String, String>,
    /// The wall clock that components see.
    pub clock: Arc<dyn Clock>,
    /// Who fires the cron triggers.
    pub cron: Cron,
    /// What happens when the Redis of a trigger goes away.
    pub redis_lost: RedisLost,
    /// How long one request, message or cron event may take before its instance is stopped.
    pub timeout: Duration,
    /// How many requests one instance of a component serves, at most.
    pub max_instance_reuse: usize,
    /// What strangers may have of the host.
    pub limits: Limits,
    /// Where spans go. They are flushed by [`Tracing::shutdown`], after the host has stopped.
    pub tracing: Tracing,
    /// What goes wrong on purpose; nothing, unless somebody tests what happens then.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Options {
    /// Options for `manifest`: any port of the loopback interface, data in `.boxoffice` and
    /// compiled components in `target/boxoffice-cache` beside the manifest, the system's clock.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        let manifest = manifest.into();
        let beside = manifest.parent().map(PathBuf::from).unwrap_or_default();
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: beside.join(".boxoffice"),
            databases: BTreeSet::from(["default".to_owned()]),
            cache: beside.join("target/boxoffice-cache"),
            variables: BTreeMap::new(),
            clock: Arc::new(SystemClock),
            cron: Cron::Scheduled,
            redis_lost: RedisLost::Reconnect,
            timeout: Duration::from_secs(30),
            max_instance_reuse: 128,
            limits: Limits::default(),
            tracing: Tracing::default(),
            faults: None,
            manifest,
        }
    }
}

/// What strangers may have of the host: how much at a time, and for how long.
///
/// A client is an address, or the /64 of an IPv6 address. Behind a proxy that the application's
/// variable `trusted_proxies` names, it is the address that the proxy tells.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests that components answer at a time; the rest wait in a queue.
    pub requests: usize,
    /// Requests for `/healthz` and `/readyz` that have places beside those.
    pub health_requests: usize,
    /// Open connections. A quarter of the process's open files is left for other things.
    pub connections: usize,
    /// Open connections of one client. Those of trusted proxies are not counted.
    pub connections_per_client: usize,
    /// Open event streams; they do not count as requests.
    pub streams: usize,
    /// Open event streams of one client.
    pub streams_per_client: usize,
    /// Bytes of a request's head. At least 8,192.
    pub head_bytes: usize,
    /// How long a connection may take to send the head of its next request.
    pub head_time: Duration,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// How long a client may take to send a body.
    pub body_time: Duration,
    /// Bytes of all bodies that are being read.
    pub bodies_bytes: usize,
    /// Bytes of those that come from one client.
    pub bodies_bytes_per_client: usize,
    /// Bytes of all answers that wait for their clients to read them.
    pub answers_bytes: usize,
    /// Bytes of those that wait for one client.
    pub answers_bytes_per_client: usize,
    /// How long a client may read next to nothing of what it is sent.
    pub stall_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: crate::engine::REQUESTS_IN_FLIGHT,
            health_requests: 8,
            connections: 8_192,
            connections_per_client: 512,
            streams: crate::engine::STREAMS_OPEN,
            streams_per_client: 32,
            head_bytes: 32 << 10,
            head_time: Duration::from_secs(30),
            body_bytes: 64 << 10,
            body_time: Duration::from_secs(10),
            bodies_bytes: 64 << 20,
            bodies_bytes_per_client: 16 << 20,
            answers_bytes: 128 << 20,
            answers_bytes_per_client: 32 << 20,
            stall_time: Duration::from_secs(20),
        }
    }
}

/// Who fires the cron triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cron {
    /// The host, by their schedules and the machine's clock.
    #[default]
    Scheduled,
    /// Only [`Host::fire_cron`](crate::Host::fire_cron).
    Manual,
}

/// What happens when the Redis of a trigger goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedisLost {
    /// The host stops, as Spin does: see [`Host::stopped`](crate::Host::stopped).
    Exit,
    /// The trigger connects again, waiting a little longer after each failure. What was published
    /// meanwhile is not seen: Redis forgets what nobody listened to.
    #[default]
    Reconnect,
}
