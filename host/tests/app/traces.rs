//! Traces: their ids in headers, and the spans that are exported.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use boxoffice_host::Tracing;
use futures::future::join_all;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde_json::{Value, json};

use crate::harness::{App, PROXY, Redis, Running};

const PARENT_ID: &str = "b7ad6b7169203331";

/// The trace of request `n`.
fn trace_id(n: usize) -> String {
    format!("0af7651916cd43dd8448eb21{n:08x}")
}

/// What request `n` sends.
fn traceparent(n: usize) -> String {
    format!("00-{}-{PARENT_ID}-01", trace_id(n))
}

/// Sends a request that belongs to trace `n`.
async fn send(app: &Running, path: &str, n: usize, input: Value) -> reqwest::Response {
    let request = app.client.post(app.url(path)).header("traceparent", traceparent(n));
    request.body(input.to_string()).send().await.unwrap()
}

/// The same; what a good answer says.
async fn ask(app: &Running, path: &str, n: usize, input: Value) -> Value {
    let response = send(app, path, n, input).await;
    assert_eq!(response.status(), 200);
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// The `traceparent` that a guest tells it was called with, in parts.
fn heard(told: &Value) -> (String, String) {
    let header = told["headers"]["traceparent"].as_str().unwrap();
    let parts: Vec<&str> = header.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { panic!("{header}") };
    assert_eq!((version, flags), ("00", "01"), "{header}");
    (trace.to_owned(), span.to_owned())
}

/// What a guest heard that another one called.
fn heard_by_callee(answer: &Value) -> (String, String) {
    heard(&serde_json::from_str(answer["body"].as_str().unwrap()).unwrap())
}

fn caller(urls: &[&str]) -> App {
    App::new()
        .text(PROXY)
        .guest("one", &format!("allowed_outbound_hosts = {urls:?}"), "false")
        .guest("two", "", "false")
}

#[tokio::test]
async fn a_trace_goes_on_in_components_and_those_that_they_call() {
    let app = caller(&["http://two.spin.internal"]).start().await;
    let (trace, first) = heard(&ask(&app, "/one/request", 1, Value::Null).await);
    assert_eq!(trace, trace_id(1));
    assert_ne!(first, PARENT_ID);
    let url = json!({ "url": "http://two.spin.internal/request" });
    let (trace, second) = heard_by_callee(&ask(&app, "/one/get", 1, url).await);
    assert_eq!(trace, trace_id(1));
    assert!(second != PARENT_ID && second != first, "{second}");
    // Who comes without a trace begins one.
    let told = app.get("/one/request", Value::Null).await;
    let begun = told["headers"]["traceparent"].as_str().unwrap();
    assert!(begun.starts_with("00-") && begun.ends_with("-00"), "{begun}");
}

#[tokio::test]
async fn a_trace_leaves_the_host_with_what_a_component_sends() {
    let other = App::new().text(PROXY).guest("guest", "", "false").start().await;
    let url = other.url("/guest/request");
    let app = caller(&[&other.url("")]).start().await;
    let (trace, _) = heard_by_callee(&ask(&app, "/one/get", 7, json!({ "url": url })).await);
    assert_eq!(trace, trace_id(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_one_instance_keep_their_traces_apart() {
    let app = caller(&["http://two.spin.internal"]).start().await;
    let call = async |n: usize| {
        let url = json!({ "url": "http://two.spin.internal/request" });
        let (trace, _) = heard_by_callee(&ask(&app, "/one/get", n, url).await);
        assert_eq!(trace, trace_id(n));
    };
    for round in 0..5 {
        join_all((0..60).map(|n| call(round * 60 + n))).await;
    }
    let mut metrics = String::new();
    app.host.metrics().encode(&mut metrics).unwrap();
    let made = "boxoffice_instances_made_total{component=\"one\"} ";
    let made = metrics.lines().find_map(|line| line.strip_prefix(made)).unwrap();
    assert!(made.parse::<u32>().unwrap() < 150, "no instance had several requests: {made}");
}

/// Keeps the spans.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Kept {
    /// The one span of this name.
    fn named(&self, name: &str) -> SpanData {
        let spans = self.0.lock().unwrap();
        let names: Vec<_> = spans.iter().map(|span| span.name.clone()).collect();
        let mut found = spans.iter().filter(|span| span.name == name);
        match (found.next(), found.next()) {
            (Some(span), None) => span.clone(),
            _ => panic!("{name} in {names:?}"),
        }
    }
}

#[track_caller]
fn assert_child(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.parent_span_id, parent.span_context.span_id(), "{}", child.name);
    assert_eq!(child.span_context.trace_id(), parent.span_context.trace_id(), "{}", child.name);
}

fn attribute(span: &SpanData, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.unwrap_or_else(|| panic!("no {key} in {span:?}")).value.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_components_and_calls_are_spans() {
    let (kept, redis) = (Kept::default(), Redis::start());
    let tracing = Tracing::to(kept.clone());
    let grants = "sqlite_databases = [\"default\"]\n\
                  allowed_outbound_hosts = [\"{{ redis }}\", \"http://two.spin.internal\"]\n\
                  variables = { redis = \"{{ redis }}\" }";
    let app = App::new()
        .text(PROXY)
        .guest("one", grants, "false")
        .guest("two", "", "false")
        .channel("orders", "one")
        .start_with(|options| {
            options.variables.insert("redis".to_owned(), redis.url());
            options.tracing = tracing.clone();
        })
        .await;
    ask(&app, "/one/sql", 1, json!({ "statements": ["SELECT 1"] })).await;
    let trap = json!({ "url": "http://two.spin.internal/trap" });
    assert_eq!(send(&app, "/one/get", 2, trap).await.status(), 418);
    redis.publish("orders", "one");
    redis.received(1).await;
    app.host.shutdown(Duration::from_secs(5)).await;
    tokio::task::spawn_blocking(move || tracing.shutdown()).await.unwrap();

    let in_trace = |n: usize| {
        let spans = kept.0.lock().unwrap();
        let of = |span: &&SpanData| span.span_context.trace_id().to_string() == trace_id(n);
        Kept(Arc::new(Mutex::new(spans.iter().filter(of).cloned().collect())))
    };
    let first = in_trace(1);
    let (request, component) = (first.named("POST /one/..."), first.named("component one"));
    assert_eq!(request.parent_span_id.to_string(), PARENT_ID);
    assert_eq!(attribute(&request, "http.response.status_code"), "200");
    assert_eq!(attribute(&request, "http.route"), "/one/...");
    assert_child(&component, &request);
    let select = first.named("sqlite SELECT");
    assert_child(&select, &component);
    assert_eq!(attribute(&select, "db.query.text"), "SELECT 1");
    assert_child(&first.named("sqlite open"), &component);

    let second = in_trace(2);
    let call = second.named("http two.spin.internal");
    assert_child(&call, &second.named("component one"));
    let callee = second.named("component two");
    assert_child(&callee, &call);
    assert!(format!("{:?}", callee.status).contains("trap"), "{callee:?}");

    let message = kept.named("orders one");
    assert_child(&kept.named("redis RPUSH"), &message);
    let spans = kept.0.lock().unwrap();
    let ids: BTreeSet<_> =
        spans.iter().map(|span| span.span_context.span_id().to_string()).collect();
    assert_eq!(ids.len(), spans.len());
}
