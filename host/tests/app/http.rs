//! The HTTP trigger: routes, headers, reuse, limits, errors.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use boxoffice_host::ManualClock;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{App, PROXY, Running, hello};

async fn guest() -> Running {
    App::new().guest("guest", "", "false").start().await
}

#[tokio::test]
async fn hello_is_served_and_health_is_told() {
    let app = hello().await;
    let response = app.client.get(app.url("/")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert_eq!(response.text().await.unwrap(), "hello\n");
    let health = app.client.get(app.url("/.well-known/spin/health")).send().await.unwrap();
    assert_eq!(health.text().await.unwrap(), "OK");
}

#[tokio::test]
async fn a_component_is_told_how_a_request_came() {
    let app = App::new().text(PROXY).guest("guest", "", "false").start().await;
    let response = app
        .client
        .post(app.url("/guest/request?q=1"))
        .header("x-request-id", "r-1")
        .header("spin-client-addr", "forged")
        .header("spin-full-url", "forged")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-request-id"], "r-1");
    let told: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(told["uri"], json!(app.url("/guest/request?q=1")));
    let headers = &told["headers"];
    assert_eq!(headers["x-request-id"], "r-1");
    assert_eq!(headers["spin-full-url"], json!(app.url("/guest/request?q=1")));
    assert_eq!(headers["spin-path-info"], "/request");
    assert_eq!(headers["spin-matched-route"], "/guest/...");
    assert_eq!(headers["spin-component-route"], "/guest");
    assert!(headers["spin-client-addr"].as_str().unwrap().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn a_strangers_id_and_trace_are_not_taken_up() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let app = guest().await;
    let ask = async || {
        let request = app.client.post(app.url("/guest/request"));
        let request = request.header("x-request-id", "r-1").header("x-forwarded-for", "192.0.2.1");
        let request = request.header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"));
        let response = request.header("tracestate", "a=1").send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let told: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(told["headers"]["x-request-id"], id.as_str());
        assert_eq!(told["headers"]["tracestate"], Value::Null);
        let traceparent = told["headers"]["traceparent"].as_str().unwrap();
        assert!(!traceparent.contains(TRACE) && traceparent.ends_with("-00"), "{traceparent}");
        uuid::Uuid::parse_str(&id).unwrap()
    };
    assert_ne!(ask().await, ask().await);
}

#[tokio::test]
async fn errors_are_problem_details_without_insides() {
    let app = guest().await;
    for (path, status) in [("/nowhere", 404), ("/guest/trap", 500)] {
        let response = app.client.post(app.url(path)).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert!(response.headers().contains_key("x-request-id"));
        let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["errors"][0]["message"], problem["detail"]);
        assert!(!problem.to_string().contains("wasm"), "{problem}");
    }
    // The next request has a new instance.
    assert_eq!(app.get("/guest/served", Value::Null).await, 1);
}

#[tokio::test]
async fn an_instance_serves_128_requests() {
    let app = guest().await;
    for expected in (1..=128).chain(1..=2) {
        assert_eq!(app.get("/guest/served", Value::Null).await, expected);
    }
}

#[tokio::test]
async fn a_burst_beyond_the_pool_waits() {
    let app = App::new().guest("guest", "", "false");
    let app = app.start_with(|options| options.limits.connections_per_client = 700).await;
    let requests = (0..700).map(|_| app.ask("/guest/sleep", json!(50)));
    let statuses: Vec<u16> = join_all(requests).await.into_iter().map(|answer| answer.0).collect();
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 700, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_never_ends_is_stopped_and_holds_up_nobody() {
    let app = App::new().guest("guest", "", "false").guest("other", "", "false");
    let app = app.start_with(|options| options.timeout = Duration::from_secs(1)).await;
    app.get("/other/served", Value::Null).await;
    let start = Instant::now();
    let others = async {
        for _ in 0..20 {
            app.get("/other/served", Value::Null).await;
        }
        start.elapsed()
    };
    let (stopped, others) = tokio::join!(app.ask("/guest/spin", Value::Null), others);
    // Told by the handler, or found out from outside: either way it ends in time.
    assert!(matches!(stopped.0, 500 | 503), "{stopped:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(others < Duration::from_millis(900), "others waited {others:?}");
}

#[tokio::test]
async fn a_request_that_waits_too_long_is_told_to_try_again() {
    let app = App::new().guest("guest", "", "false");
    let app = app.start_with(|options| options.timeout = Duration::from_millis(300)).await;
    let (status, problem) = app.ask("/guest/sleep", json!(5000)).await;
    assert_eq!(status, 503, "{problem}");
}

#[tokio::test]
async fn memory_is_limited() {
    let app = guest().await;
    assert_eq!(app.get("/guest/memory", json!(100)).await, 100 << 20);
    assert_eq!(app.ask("/guest/memory", json!(300)).await.0, 500);
}

#[tokio::test]
async fn components_see_the_hosts_clock() {
    let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000)));
    let shown = clock.clone();
    let app = App::new().guest("guest", "", "false");
    let app = app.start_with(|options| options.clock = shown).await;
    assert_eq!(app.get("/guest/now", Value::Null).await, 1_000);
    clock.advance(Duration::from_secs(900));
    assert_eq!(app.get("/guest/now", Value::Null).await, 1_900);
}

#[tokio::test]
async fn a_component_has_its_own_variables_and_environment_only() {
    let app = App::new()
        .text("[variables.secret]\ndefault = \"s\"")
        .guest(
            "guest",
            "variables = { mine = \"{{ secret }}!\" }\nenvironment = { A = \"b\" }",
            "false",
        )
        .start()
        .await;
    assert_eq!(app.get("/guest/variable", json!({ "name": "mine" })).await, "s!");
    let (status, error) = app.ask("/guest/variable", json!({ "name": "secret" })).await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("Undefined"), "{error}");
    assert_eq!(app.get("/guest/environment", Value::Null).await, json!([["A", "b"]]));
}
