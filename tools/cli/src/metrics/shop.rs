//! How the shop's streams, outboxes and holds stand.

use std::fmt::Display;
use std::path::Path;
use std::time::{Duration, SystemTime};

use boxoffice_ops::bus::Bus;
use boxoffice_ops::status::{self, Backlog, GroupStatus, Status};
use boxoffice_ops::store::Databases;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::shop;

/// How long Redis, and then the databases, may take: less than Prometheus waits for all of it, which
/// is ten seconds as a rule.
const PATIENCE: Duration = Duration::from_secs(3);

/// A shop, and where to look.
pub(crate) struct Shop {
    /// None if nothing says where it is.
    bus: Option<Bus>,
    databases: Databases,
}

impl Shop {
    /// The shop whose data is in a folder, or where these variables say.
    pub(crate) fn new<'v>(data: &Path, variable: impl Fn(&str) -> Option<&'v str>) -> Self {
        // An address that is none is told by the host, whose trigger needs it.
        let bus = variable("redis_url").and_then(|url| Bus::new(url).ok());
        Self { bus, databases: shop::databases(data, variable) }
    }

    /// Reads what can be read, as OpenMetrics text without its end. What cannot be read is missing,
    /// but for `boxoffice_source_readable`, which says so.
    ///
    /// # Errors
    /// None that a `String` has.
    pub(crate) async fn read(&self) -> Result<String, std::fmt::Error> {
        let status = async {
            match &self.bus {
                Some(bus) => within("Redis", status::status(bus, None)).await,
                None => None,
            }
        };
        let backlog = status::backlog(&self.databases, SystemTime::now());
        let (status, backlog) = tokio::join!(status, within("the databases", backlog));
        let mut gauges = Gauges(Registry::with_prefix("boxoffice"));
        gauges.sources([("redis", status.is_some()), ("databases", backlog.is_some())]);
        if let Some(status) = &status {
            gauges.streams(status);
        }
        if let Some(backlog) = &backlog {
            gauges.backlog(backlog);
        }
        let mut text = String::new();
        encode_registry(&mut text, &gauges.0)?;
        Ok(text)
    }
}

async fn within<T, E: Display>(
    source: &str,
    reading: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(read)) => Some(read),
        Ok(Err(error)) => {
            tracing::warn!(%error, "metrics lack {source}");
            None
        }
        Err(_) => {
            tracing::warn!(patience = ?PATIENCE, "metrics lack {source}, which took too long");
            None
        }
    }
}

/// Made anew each time, so that what is not there any more is not told.
struct Gauges(Registry);

impl Gauges {
    /// A gauge with a value for each set of labels.
    fn add<const N: usize, V: Into<String>>(
        &mut self,
        name: &str,
        help: &str,
        names: [&'static str; N],
        values: impl IntoIterator<Item = ([V; N], i64)>,
    ) {
        let family = Family::<Vec<(&'static str, String)>, Gauge>::default();
        for (labels, value) in values {
            let labels = names.into_iter().zip(labels.map(Into::into)).collect();
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }

    fn sources(&mut self, readable: [(&'static str, bool); 2]) {
        let help = "Whether the metrics of this source could be read; source: redis, databases";
        let values = readable.map(|(source, readable)| ([source], i64::from(readable)));
        self.add("source_readable", help, ["source"], values);
    }

    fn streams(&mut self, status: &Status) {
        let streams = &status.streams;
        let lengths = streams.iter().map(|stream| ([stream.name], count(stream.length)));
        self.add("stream_length", "Entries of a stream", ["stream"], lengths);
        self.groups(status, "stream_lag", "Entries not delivered to a group yet", |group| {
            count(group.lag)
        });
        self.groups(
            status,
            "stream_pending",
            "Entries delivered to a group but not acknowledged",
            |group| count(group.pending),
        );
        self.groups(
            status,
            "stream_oldest_seconds",
            "Age of the oldest entry that is not delivered or not acknowledged; 0 without one",
            |group| group.oldest_seconds.unwrap_or(0),
        );
        let ticks = status.ticks.iter().filter_map(|tick| Some(([&tick.group], tick.seconds?)));
        self.add("tick_age_seconds", "Time since a group's last tick", ["group"], ticks);
        let letters = [([], count(status.dead_letters))];
        self.add::<0, &str>("dead_letters", "Events that could not be applied", [], letters);
        let forged = [([], count(status.forged))];
        self.add::<0, &str>("events_forged", "Events that no service had published", [], forged);
    }

    /// Only of the groups that must read a stream: a stranger's may have any name.
    fn groups(
        &mut self,
        status: &Status,
        name: &str,
        help: &str,
        value: impl Fn(&GroupStatus) -> i64,
    ) {
        let values = status.streams.iter().flat_map(|stream| {
            let required = stream.groups.iter().filter(|group| group.required);
            let value = &value;
            required.map(move |group| ([stream.name, &group.name], value(group)))
        });
        self.add(name, help, ["stream", "group"], values);
    }

    fn backlog(&mut self, backlog: &Backlog) {
        let outboxes = &backlog.outboxes;
        let waiting = outboxes.iter().map(|outbox| ([outbox.service], count(outbox.waiting)));
        self.add("outbox_waiting", "Events committed but not published", ["service"], waiting);
        let oldest = outboxes.iter().map(|o| ([o.service], o.oldest_seconds.unwrap_or(0)));
        let help = "Age of the oldest event that is not published; 0 without one";
        self.add("outbox_oldest_seconds", help, ["service"], oldest);
        let holds = &backlog.holds;
        let orders = holds.iter().map(|held| ([held.status], count(held.orders)));
        self.add("holds", "Orders that hold tickets", ["status"], orders);
        let tickets = holds.iter().map(|held| ([held.status], count(held.tickets)));
        self.add("held_tickets", "Tickets that orders hold", ["status"], tickets);
        let letters = &backlog.letters;
        let unsent = letters.iter().map(|unsent| ([unsent.status], count(unsent.letters)));
        self.add("letters", "Letters that nobody has got", ["status"], unsent);
        let oldest =
            letters.iter().map(|unsent| ([unsent.status], unsent.oldest_seconds.unwrap_or(0)));
        let help = "Age of the oldest letter that nobody has got; 0 without one";
        self.add("letters_oldest_seconds", help, ["status"], oldest);
        let suppressed = backlog.suppressed.iter().map(|s| ([s.trouble], count(s.addresses)));
        let help = "Addresses that get no letters but those that they need";
        self.add("addresses_suppressed", help, ["trouble"], suppressed);
    }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
