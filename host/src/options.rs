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
    /// How many event streams are open at a time, at most; they do not count as requests in flight.
    pub max_streams: usize,
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
            max_streams: crate::engine::STREAMS_OPEN,
            tracing: Tracing::default(),
            faults: None,
            manifest,
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
