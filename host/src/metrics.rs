//! What the host counts, for Prometheus to read.
//!
//! Every label has few values: a route as the manifest writes it, never a path; the class of a
//! status; one of the methods that there are. So what strangers send cannot make series.

use std::fmt;
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
    instances: Family<ComponentLabels, Gauge>,
    instances_made: Family<ComponentLabels, Counter>,
    instances_failed: Family<ComponentLabels, Counter>,
    messages: Family<MessageLabels, Counter>,
    message_seconds: Family<ChannelLabels, Histogram, fn() -> Histogram>,
    ticks: Family<TickLabels, Counter>,
    tick_seconds: Family<ComponentLabels, Histogram, fn() -> Histogram>,
    call_seconds: Family<CallLabels, Histogram, fn() -> Histogram>,
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
            instances: Family::default(),
            instances_made: Family::default(),
            instances_failed: Family::default(),
            messages: Family::default(),
            message_seconds: Family::new_with_constructor(of_work),
            ticks: Family::default(),
            tick_seconds: Family::new_with_constructor(of_work),
            call_seconds: Family::new_with_constructor(of_calls),
        };
        metrics.register_http();
        metrics.register_components();
        metrics
    }

    fn register_http(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Requests from outside, answered; `-` where no route leads",
            self.requests.clone(),
        );
        registry.register(
            "http_request_seconds",
            "From a request's head to the end of its answer; of an event stream, to its head",
            self.request_seconds.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests from outside that are at work or wait their turn, without event streams",
            self.requests_in_flight.clone(),
        );
        registry.register(
            "http_streams_open",
            "Event streams that somebody listens to",
            self.streams_open.clone(),
        );
    }

    fn register_components(&mut self) {
        let registry = &mut self.registry;
        registry.register("instances", "Instances that there are", self.instances.clone());
        registry.register("instances_made", "Instances made", self.instances_made.clone());
        registry.register(
            "instances_failed",
            "Instances that trapped, took too long or could not be made",
            self.instances_failed.clone(),
        );
        registry.register(
            "messages",
            "Redis messages handled; outcome: ok, error, trap, timeout",
            self.messages.clone(),
        );
        registry.register(
            "message_seconds",
            "How long a component was at a Redis message",
            self.message_seconds.clone(),
        );
        registry.register(
            "cron_runs",
            "Calls by a schedule; outcome: ok, error, trap, timeout",
            self.ticks.clone(),
        );
        registry.register(
            "cron_run_seconds",
            "How long a component was at a call by a schedule",
            self.tick_seconds.clone(),
        );
        registry.register(
            "host_call_seconds",
            "How long components waited for what they asked of the host; kind: http, postgres, redis, sqlite",
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

    /// A component's own. From now on it is listed, whether it does something or not.
    pub(crate) fn component(&self, id: &str) -> ComponentMetrics {
        let labels = ComponentLabels { component: id.to_owned() };
        ComponentMetrics {
            instances: self.instances.get_or_create_owned(&labels),
            made: self.instances_made.get_or_create_owned(&labels),
            failed: self.instances_failed.get_or_create_owned(&labels),
            call_seconds: self.call_seconds.clone(),
        }
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
#[derive(Clone, Debug)]
pub(crate) struct ComponentMetrics {
    instances: Gauge,
    made: Counter,
    failed: Counter,
    call_seconds: Family<CallLabels, Histogram, fn() -> Histogram>,
}

impl ComponentMetrics {
    /// Counts an instance for as long as what is returned is kept.
    pub(crate) fn made(&self) -> Present {
        self.made.inc();
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
    pub(crate) fn called(&self, component: &str, call: Call<'_>, took: Duration) {
        let labels = CallLabels { component: component.to_owned(), kind: call.kind() };
        self.call_seconds.get_or_create(&labels).observe(took.as_secs_f64());
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

    /// Counts its end.
    pub(crate) fn ended(&self, metrics: &Metrics, end: &End<'_>) {
        let route = RouteLabels {
            component: end.component.to_owned(),
            route: end.route.to_owned(),
            method: method(end.method),
        };
        let took = self.head.unwrap_or_else(|| self.took());
        metrics.request_seconds.get_or_create(&route).observe(took.as_secs_f64());
        let labels = RequestLabels { route, status: class(end.status) };
        metrics.requests.get_or_create(&labels).inc();
    }
}

/// How a request ended.
pub(crate) struct End<'e> {
    pub(crate) component: &'e str,
    pub(crate) route: &'e str,
    pub(crate) method: &'e http::Method,
    pub(crate) status: http::StatusCode,
}

/// A client may make up methods: all of those are one.
fn method(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn class(status: http::StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500..600 => "5xx",
        _ => "other",
    }
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
        let metrics = Metrics::new();
        for n in 0..50_u16 {
            let method = http::Method::from_bytes(format!("M{n}").as_bytes()).unwrap();
            let status = http::StatusCode::from_u16(200 + n).unwrap();
            let end = End { component: "-", route: "-", method: &method, status };
            metrics.request(Instant::now()).ended(&metrics, &end);
        }
        let text = text(&metrics);
        let series = text.lines().filter(|line| line.starts_with("boxoffice_http_requests_total"));
        let expected = "boxoffice_http_requests_total\
            {component=\"-\",route=\"-\",method=\"other\",status=\"2xx\"} 50";
        assert_eq!(series.collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn a_stream_is_no_request_in_flight_and_its_length_is_not_its_latency() {
        let metrics = Metrics::new();
        let mut request = metrics.request(Instant::now() - Duration::from_secs(5));
        assert!(text(&metrics).contains("boxoffice_http_requests_in_flight 1"));
        request.streams(&metrics);
        let head = request.head.unwrap();
        assert!(text(&metrics).contains("boxoffice_http_requests_in_flight 0"));
        assert!(text(&metrics).contains("boxoffice_http_streams_open 1"));
        request.start -= Duration::from_secs(20);
        let end = End {
            component: "live",
            route: "/live",
            method: &http::Method::GET,
            status: http::StatusCode::OK,
        };
        request.ended(&metrics, &end);
        drop(request);
        let text = text(&metrics);
        assert!(text.contains("boxoffice_http_streams_open 0"));
        let labels = "{component=\"live\",route=\"/live\",method=\"GET\"}";
        let sum = format!("boxoffice_http_request_seconds_sum{labels} {}", head.as_secs_f64());
        assert!(text.contains(&sum), "{sum} in {text}");
    }
}
