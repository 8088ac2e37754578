//! What the host counts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{App, Redis, Running};

impl Running {
    /// The lines of its metrics.
    fn metrics(&self) -> Vec<String> {
        let mut text = String::new();
        self.host.metrics().encode(&mut text).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// The value of a series; 0 if there is none.
    fn counted(&self, series: &str) -> f64 {
        let lines = self.metrics();
        let line = lines.iter().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits for it: a request is counted when its connection is done with it.
    async fn counts(&self, series: &str, expected: f64) {
        let start = Instant::now();
        while self.counted(series) != expected {
            let counted = self.counted(series);
            assert!(start.elapsed() < Duration::from_secs(5), "{series}: {counted}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn requests(method: &str, status: &str) -> String {
    format!(
        "boxoffice_http_requests_total\
         {{component=\"guest\",route=\"/guest/...\",method=\"{method}\",status=\"{status}\"}}"
    )
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status() {
    let app = App::new().guest("guest", "", "false").start().await;
    app.get("/guest/served", Value::Null).await;
    app.get("/guest/print", json!({ "out": "a", "err": "b" })).await;
    assert_eq!(app.ask("/guest/unheard-of", Value::Null).await.0, 418);
    let made_up = reqwest::Method::from_bytes(b"BREW").unwrap();
    app.client.request(made_up, app.url("/guest/served")).send().await.unwrap();
    assert_eq!(app.ask("/nowhere/at/all", Value::Null).await.0, 404);
    app.counts(&requests("POST", "2xx"), 2.0).await;
    app.counts(&requests("POST", "4xx"), 1.0).await;
    app.counts(&requests("other", "2xx"), 1.0).await;
    let nowhere =
        "boxoffice_http_requests_total{component=\"-\",route=\"-\",method=\"POST\",status=\"4xx\"}";
    app.counts(nowhere, 1.0).await;
    app.counts("boxoffice_http_requests_in_flight", 0.0).await;
    let labels = "{component=\"guest\",route=\"/guest/...\",method=\"POST\"}";
    app.counts(&format!("boxoffice_http_request_seconds_count{labels}"), 3.0).await;
    assert!(app.metrics().iter().all(|line| !line.contains("nowhere")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_told() {
    let app = App::new().guest("guest", "", "false").start().await;
    let under_way = async {
        app.counts("boxoffice_http_requests_in_flight", 1.0).await;
        app.counts("boxoffice_instances{component=\"guest\"}", 1.0).await;
    };
    tokio::join!(app.get("/guest/sleep", json!(300)), under_way);
    let stream = app.client.get(app.url("/guest/events")).send().await.unwrap();
    app.counts("boxoffice_http_streams_open", 1.0).await;
    app.counts("boxoffice_http_requests_in_flight", 0.0).await;
    drop(stream);
    app.counts("boxoffice_http_streams_open", 0.0).await;
    // One instance served both, and goes when it is idle.
    app.counts("boxoffice_instances_made_total{component=\"guest\"}", 1.0).await;
    app.counts("boxoffice_instances{component=\"guest\"}", 0.0).await;
    app.counts("boxoffice_instances_failed_total{component=\"guest\"}", 0.0).await;
}

#[tokio::test]
async fn instances_that_trap_are_counted() {
    let app = App::new().guest("guest", "", "false").start().await;
    app.get("/guest/served", Value::Null).await;
    assert_eq!(app.ask("/guest/trap", Value::Null).await.0, 500);
    app.counts(&requests("POST", "5xx"), 1.0).await;
    app.counts("boxoffice_instances_failed_total{component=\"guest\"}", 1.0).await;
}

#[tokio::test]
async fn messages_ticks_and_calls_are_counted() {
    let redis = Redis::start();
    let grants =
        "allowed_outbound_hosts = [\"{{ redis }}\"]\nvariables = { redis = \"{{ redis }}\" }";
    let app = App::new()
        .component("worker", grants, "false")
        .channel("orders", "worker")
        .text("[[trigger.cron]]\ncomponent = \"worker\"\ncron_expression = \"0 0 0 1 1 *\"")
        .start_with(|options| {
            options.variables.insert("redis".to_owned(), redis.url());
        })
        .await;
    for message in ["one", "fail", "trap", "two"] {
        redis.publish("orders", message);
    }
    let messages = |outcome: &str| {
        format!(
            "boxoffice_messages_total\
             {{component=\"worker\",channel=\"orders\",outcome=\"{outcome}\"}}"
        )
    };
    app.counts(&messages("ok"), 2.0).await;
    app.counts(&messages("error"), 1.0).await;
    app.counts(&messages("trap"), 1.0).await;
    app.host.fire_cron().await.unwrap();
    app.counts("boxoffice_cron_runs_total{component=\"worker\",outcome=\"ok\"}", 1.0).await;
    app.counts("boxoffice_cron_run_seconds_count{component=\"worker\"}", 1.0).await;
    // Each of the two opened a connection and wrote; the tick opened one and published.
    let calls = "boxoffice_host_call_seconds_count{component=\"worker\",kind=\"redis\"}";
    app.counts(calls, 6.0).await;
    app.counts("boxoffice_instances_failed_total{component=\"worker\"}", 1.0).await;
}
