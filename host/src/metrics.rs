//! What the host counts, for Prometheus to read.
//!
//! Every label has few values: a route as the manifest writes it, never a path; the class of a
//! status; one of the methods that there are. So what strangers send cannot make series.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::fault::Call;
use crate::instance::Outcome;

/// Of what a client, a worker or a schedule waits for: from a millisecond to the longest that is
/// allowed.
const WORK_SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Of making an instance.
const START_SECONDS: [f64; 8] = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.025, 0.1];

/// Of one statement, command or request of a component.
const CALL_SECONDS: [f64; 11] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0];

/// A host's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    requests_in_flight: Gauge,
    streams_open: Gauge,
    pool_kept_bytes: Gauge,
    instances: Family<ComponentLabels, Gauge>,
    instances_made: Family<ComponentLabels, Counter>,
    instances_failed: Family<ComponentLabels, Counter>,
    instance_seconds: Family<ComponentLabels, Histogram, fn() -> Histogram>,
    messages: Family<MessageLabels, Counter>,
    message_seconds: Family<ChannelLabels, Histogram, fn() -> Histogram>,
    ticks: Family<TickLabels, Counter>,
    tick_seconds: Family<ComponentLabels, Histogram, fn() -> Histogram>,
    call_seconds: Family<CallLabels, Histogram, fn() -> Histogram>,
    /// What has been looked up by labels is not looked up again.
    components: Mutex<HashMap<String, Arc<ComponentMetrics>>>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ComponentLabels {
    component: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    component: String,
    route: String,
    method: &'static str,
}

/// Its route's labels, and the class of the status.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct RequestLabels {
    route: RouteLabels,
    status: &'static str,
}

impl EncodeLabelSet for RequestLabels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        EncodeLabelSet::encode(&self.route, encoder)?;
        EncodeLabelSet::encode(&[("status", self.status)], encoder)
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ChannelLabels {
    component: String,
    channel: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MessageLabels {
    component: String,
    channel: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TickLabels {
    component: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    component: String,
    kind: &'static str,
}

fn of_work() -> Histogram {
    Histogram::new(WORK_SECONDS)
}

fn of_starts() -> Histogram {
    Histogram::new(START_SECONDS)
}

fn of_calls() -> Histogram {
    Histogram::new(CALL_SECONDS)
}

impl Metrics {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("boxoffice"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(of_work),
            requests_in_flight: Gauge::default(),
            streams_open: Gauge::default(),
            pool_kept_bytes: Gauge::default(),
            instances: Family::default(),
            instances_made: Family::default(),
            instances_failed: Family::default(),
            instance_seconds: Family::new_with_constructor(of_starts),
            messages: Family::default(),
            message_seconds: Family::new_with_constructor(of_work),
            ticks: Family::default(),
            tick_seconds: Family::new_with_constructor(of_work),
            call_seconds: Family::new_with_constructor(of_calls),
            components: Mutex::default(),
        };
        metrics.register_http();
        metrics.register_components();
        metrics
    }

    fn register_http(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Answered requests from outside; the route is `-` if none matched",
            self.requests.clone(),
        );
        registry.register(
            "http_request_seconds",
            "Time from a request's head to the end of its answer; for an event stream, to the \
             answer's head",
            self.request_seconds.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests from outside that are running or queued, without event streams",
            self.requests_in_flight.clone(),
        );
        registry.register("http_streams_open", "Open event streams", self.streams_open.clone());
    }

    fn register_components(&mut self) {
        let registry = &mut self.registry;
        registry.register("instances", "Live instances", self.instances.clone());
        registry.register(
            "pool_kept_bytes",
            "Memory that the pool of instances keeps for the next ones",
            self.pool_kept_bytes.clone(),
        );
        registry.register("instances_made", "Instances created", self.instances_made.clone());
        registry.register(
            "instances_failed",
            "Instances that trapped, took too long or could not be created",
            self.instances_failed.clone(),
        );
        registry.register(
            "instance_seconds",
            "Time to create an instance, before its first call",
            self.instance_seconds.clone(),
        );
        registry.register(
            "messages",
            "Redis messages handled; outcome: ok, error, trap, timeout",
            self.messages.clone(),
        );
        registry.register(
            "message_seconds",
            "Time that a component took for a Redis message",
            self.message_seconds.clone(),
        );
        registry.register(
            "cron_runs",
            "Scheduled calls; outcome: ok, error, trap, timeout",
            self.ticks.clone(),
        );
        registry.register(
            "cron_run_seconds",
            "Time that a component took for a scheduled call",
            self.tick_seconds.clone(),
        );
        registry.register(
            "host_call_seconds",
            "Time that components waited for calls to the host; kind: http, postgres, redis, \
             sqlite",
            self.call_seconds.clone(),
        );
    }

    /// Appends all of it as OpenMetrics text, without the `# EOF` that ends an exposition: more may
    /// follow.
    ///
    /// # Errors
    /// Those of `text`; a `String` has none.
    pub fn encode(&self, text: &mut impl fmt::Write) -> fmt::Result {
        encode_registry(text, &self.registry)
    }

    /// Notes how much memory the pool of instances keeps.
    pub(crate) fn pool_keeps(&self, bytes: usize) {
        self.pool_kept_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// A component's own. From now on it is listed, whether it does something or not.
    pub(crate) fn component(&self, id: &str) -> Arc<ComponentMetrics> {
        // A map of handles: whole at any time.
        let mut known = self.components.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = known.get(id) {
            return component.clone();
        }
        let labels = ComponentLabels { component: id.to_owned() };
        let component = Arc::new(ComponentMetrics {
            instances: self.instances.get_or_create_owned(&labels),
            made: self.instances_made.get_or_create_owned(&labels),
            failed: self.instances_failed.get_or_create_owned(&labels),
            seconds: self.instance_seconds.get_or_create_owned(&labels),
            call_seconds: self.call_seconds.clone(),
            calls: Default::default(),
            id: labels.component,
        });
        known.insert(id.to_owned(), component.clone());
        component
    }

    /// A route's own, on which `component` answers.
    pub(crate) fn route(self: &Arc<Self>, component: &str, route: &str) -> RouteMetrics {
        let (component, route) = (component.to_owned(), route.to_owned());
        RouteMetrics { metrics: self.clone(), component, route, methods: Default::default() }
    }

    /// Counts a Redis message.
    pub(crate) fn message(&self, component: &str, channel: &str, took: Duration, end: &Outcome) {
        let labels = ChannelLabels { component: component.to_owned(), channel: channel.to_owned() };
        self.message_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        let ChannelLabels { component, channel } = labels;
        self.messages
            .get_or_create(&MessageLabels { component, channel, outcome: end.name() })
            .inc();
    }

    /// Counts a call by a schedule.
    pub(crate) fn tick(&self, component: &str, took: Duration, end: &Outcome) {
        let labels = ComponentLabels { component: component.to_owned() };
        self.tick_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        let component = labels.component;
        self.ticks.get_or_create(&TickLabels { component, outcome: end.name() }).inc();
    }

    /// Counts a request that begins.
    pub(crate) fn request(&self, start: Instant) -> RequestMetrics {
        let in_flight = Present::new(&self.requests_in_flight);
        RequestMetrics { start, in_flight, head: None }
    }
}

/// A component's part.
#[derive(Debug)]
pub(crate) struct ComponentMetrics {
    id: String,
    instances: Gauge,
    made: Counter,
    failed: Counter,
    seconds: Histogram,
    call_seconds: Family<CallLabels, Histogram, fn() -> Histogram>,
    /// By [`Call::KINDS`]; what a component never asks for is not listed.
    calls: [OnceLock<Histogram>; Call::KINDS.len()],
}

impl ComponentMetrics {
    /// Counts an instance, which took so long to make, for as long as what is returned is kept.
    pub(crate) fn made(&self, took: Duration) -> Present {
        self.made.inc();
        self.seconds.observe(took.as_secs_f64());
        Present::new(&self.instances)
    }

    /// Counts an instance that did not end well.
    pub(crate) fn failed(&self) {
        self.failed.inc();
    }

    /// The same for a call that has an instance of its own.
    pub(crate) fn ended(&self, outcome: &Outcome) {
        if matches!(outcome, Outcome::Trapped(_) | Outcome::TimedOut) {
            self.failed();
        }
    }

    /// Counts a call of the component to the world outside.
    pub(crate) fn called(&self, call: Call<'_>, took: Duration) {
        let kind = call.kind();
        let number = Call::KINDS.iter().position(|known| *known == kind).unwrap_or_default();
        let seconds = self.calls[number].get_or_init(|| {
            let labels = CallLabels { component: self.id.clone(), kind };
            self.call_seconds.get_or_create_owned(&labels)
        });
        seconds.observe(took.as_secs_f64());
    }
}

/// A route's part.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    metrics: Arc<Metrics>,
    component: String,
    route: String,
    methods: [OnceLock<MethodMetrics>; METHODS.len()],
}

#[derive(Debug)]
struct MethodMetrics {
    seconds: Histogram,
    requests: [OnceLock<Counter>; CLASSES.len()],
}

impl RouteMetrics {
    /// Counts a request that ended.
    pub(crate) fn ended(&self, took: Duration, method: &http::Method, status: http::StatusCode) {
        let (method, class) = (method_number(method), class_number(status));
        let labels = || RouteLabels {
            component: self.component.clone(),
            route: self.route.clone(),
            method: METHODS[method],
        };
        let known = self.methods[method].get_or_init(|| MethodMetrics {
            seconds: self.metrics.request_seconds.get_or_create_owned(&labels()),
            requests: Default::default(),
        });
        known.seconds.observe(took.as_secs_f64());
        let requests = known.requests[class].get_or_init(|| {
            let labels = RequestLabels { route: labels(), status: CLASSES[class] };
            self.metrics.requests.get_or_create_owned(&labels)
        });
        requests.inc();
    }
}

/// Counted in a gauge until it is dropped.
#[derive(Debug)]
pub(crate) struct Present(Gauge);

impl Present {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is under way.
#[derive(Debug)]
pub(crate) struct RequestMetrics {
    start: Instant,
    /// In flight, or an open stream.
    in_flight: Present,
    /// When the head of an event stream was there.
    head: Option<Duration>,
}

impl RequestMetrics {
    /// How long it has been under way.
    pub(crate) fn took(&self) -> Duration {
        self.start.elapsed()
    }

    /// From now on it is an event stream. How long somebody listens says nothing about the host.
    pub(crate) fn streams(&mut self, metrics: &Metrics) {
        self.in_flight = Present::new(&metrics.streams_open);
        self.head = Some(self.took());
    }

    /// How long it was a request.
    pub(crate) fn counted(&self) -> Duration {
        self.head.unwrap_or_else(|| self.took())
    }
}

/// A client may make up methods: all of those are the last one.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

fn method_number(method: &http::Method) -> usize {
    let known = METHODS.iter().position(|known| *known == method.as_str());
    known.unwrap_or(METHODS.len() - 1)
}

const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

fn class_number(status: http::StatusCode) -> usize {
    usize::from(status.as_u16() / 100).wrapping_sub(1).min(CLASSES.len() - 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn text(metrics: &Metrics) -> String {
        let mut text = String::new();
        metrics.encode(&mut text).unwrap();
        text
    }

    #[test]
    fn what_strangers_send_makes_no_series() {
        let metrics = Arc::new(Metrics::new());
        let nowhere = metrics.route("-", "-");
        for n in 0..50_u16 {
            let method = http::Method::from_bytes(format!("M{n}").as_bytes()).unwrap();
            let status = http::StatusCode::from_u16(200 + n).unwrap();
            nowhere.ended(Duration::ZERO, &method, status);
        }
        let text = text(&metrics);
        let series = text.lines().filter(|line| line.starts_with("boxoffice_http_requests_total"));
        let expected = "boxoffice_http_requests_total\
            {component=\"-\",route=\"-\",method=\"other\",status=\"2xx\"} 50";
        assert_eq!(series.collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn a_stream_is_no_request_in_flight_and_its_length_is_not_its_latency() {
        let metrics = Arc::new(Metrics::new());
        let mut request = metrics.request(Instant::now() - Duration::from_secs(5));
        assert!(text(&metrics).contains("boxoffice_http_requests_in_flight 1"));
        request.streams(&metrics);
        let head = request.head.unwrap();
        assert!(text(&metrics).contains("boxoffice_http_requests_in_flight 0"));
        assert!(text(&metrics).contains("boxoffice_http_streams_open 1"));
        request.start -= Duration::from_secs(20);
        let live = metrics.route("live", "/live");
        live.ended(request.counted(), &http::Method::GET, http::StatusCode::OK);
        drop(request);
        let text = text(&metrics);
        assert!(text.contains("boxoffice_http_streams_open 0"));
        let labels = "{component=\"live\",route=\"/live\",method=\"GET\"}";
        let sum = format!("boxoffice_http_request_seconds_sum{labels} {}", head.as_secs_f64());
        assert!(text.contains(&sum), "{sum} in {text}");
    }
}
