//! Dependencies are composed in, and have what they inherit and nothing else.

use serde_json::{Value, json};

use crate::harness::{App, Redis, Running};

async fn app(redis: &Redis, inherit: &str) -> Running {
    let grants = "variables = { redis = \"{{ redis }}\" }\n\
                  allowed_outbound_hosts = [\"{{ redis }}\"]\n\
                  environment = { PARENT = \"p\" }";
    let url = redis.url();
    let app = App::new().guest("guest", grants, inherit);
    app.start_with(|options| drop(options.variables.insert("redis".into(), url))).await
}

async fn probe(app: &Running, what: &str, with: &str) -> (u16, Value) {
    app.ask("/guest/probe", json!({ "what": what, "with": with })).await
}

/// What the component itself was granted, it keeps whatever its dependency inherits.
async fn the_parent_keeps_its_grants(app: &Running, redis: &Redis) {
    assert_eq!(app.get("/guest/variable", json!({ "name": "redis" })).await, json!(redis.url()));
    let ping = json!({ "address": redis.url(), "command": "PING" });
    assert_eq!(app.get("/guest/redis", ping).await, json!(["PONG"]));
    assert_eq!(app.get("/guest/environment", Value::Null).await, json!([["PARENT", "p"]]));
}

#[tokio::test]
async fn a_dependency_inherits_nothing_by_default() {
    let redis = Redis::start();
    let app = app(&redis, "false").await;
    assert_eq!(probe(&app, "greet", "you").await, (200, json!("hello you")));
    assert_eq!(probe(&app, "environment", "").await, (200, json!([])));
    assert_eq!(probe(&app, "variable", "redis").await.0, 500);
    assert_eq!(probe(&app, "redis", &redis.url()).await.0, 500);
    the_parent_keeps_its_grants(&app, &redis).await;
}

#[tokio::test]
async fn a_dependency_inherits_the_sets_that_are_named() {
    let redis = Redis::start();
    let app = app(&redis, "[\"variables\"]").await;
    assert_eq!(probe(&app, "variable", "redis").await, (200, json!(redis.url())));
    assert_eq!(probe(&app, "environment", "").await, (200, json!([])));
    assert_eq!(probe(&app, "redis", &redis.url()).await.0, 500);
    the_parent_keeps_its_grants(&app, &redis).await;
}

#[tokio::test]
async fn a_dependency_can_inherit_everything() {
    let redis = Redis::start();
    let app = app(&redis, "true").await;
    assert_eq!(probe(&app, "variable", "redis").await, (200, json!(redis.url())));
    assert_eq!(probe(&app, "environment", "").await, (200, json!([["PARENT", "p"]])));
    assert_eq!(probe(&app, "redis", &redis.url()).await, (200, Value::Null));
    the_parent_keeps_its_grants(&app, &redis).await;
}

#[tokio::test]
async fn a_dependency_that_does_not_fit_is_told() {
    let app = App::new().guest("guest", "", "false");
    let app = app.text("\"test:guest/other\" = { path = \"nowhere.wasm\" }");
    let folder = tempfile::tempdir().unwrap();
    let error = app.try_start(&folder, |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("nowhere.wasm is missing"), "{error}");
    let (guest, probe) = crate::harness::wasm();
    for (import, path, expected) in [
        ("test:guest/other", &probe, "imports nothing of that name"),
        ("test:guest/probe", &guest, "does not export test:guest/probe"),
    ] {
        let app = App::new().text(&format!(
            "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n[component.a]\nsource = {guest:?}\n\
             [component.a.dependencies]\n{import:?} = {{ path = {path:?} }}"
        ));
        let error = app.try_start(&folder, |_| {}).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
