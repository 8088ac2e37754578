//! What leaves a component: calls to others, Redis, HTTP; and what may not.

use serde_json::{Value, json};

use crate::harness::{App, Redis, Running, free_port, hello};

fn hosts(list: &[&str]) -> String {
    format!("allowed_outbound_hosts = {list:?}")
}

async fn get(app: &Running, id: &str, url: &str) -> (u16, Value) {
    app.ask(&format!("/{id}/get"), json!({ "url": url })).await
}

#[tokio::test]
async fn components_call_each_other_in_memory() {
    let app = App::new()
        .guest("one", &hosts(&["http://hidden.spin.internal"]), "false")
        .text("[[trigger.http]]\nroute = { private = true }\ncomponent = \"hidden\"")
        .component("hidden", "", "false")
        .start()
        .await;
    let (status, answer) = get(&app, "one", "http://hidden.spin.internal/any/request?q=1").await;
    assert_eq!((status, &answer["status"]), (200, &json!(200)), "{answer}");
    let told: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(told["uri"], "http://hidden.spin.internal/any/request?q=1");
    assert_eq!(told["headers"]["spin-path-info"], "/any/request");
    assert_eq!(told["headers"]["spin-client-addr"], "0.0.0.0:0");
    assert!(told["headers"]["x-request-id"].is_string());
    // From outside there is no way to it, by path or by name.
    assert_eq!(app.ask("/hidden/request", Value::Null).await.0, 404);
    let forged = app.client.get(app.url("/one/served")).header("host", "hidden.spin.internal");
    assert_eq!(forged.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_call_that_is_not_allowed_is_denied() {
    let allowed = hosts(&["http://two.spin.internal", "http://ghost.spin.internal"]);
    let app = App::new().guest("one", &allowed, "false").guest("two", "", "false").start().await;
    assert_eq!(get(&app, "one", "http://two.spin.internal/served").await.0, 200);
    let (status, error) = get(&app, "two", "http://one.spin.internal/served").await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("HttpRequestDenied"), "{error}");
    let (status, error) = get(&app, "one", "http://ghost.spin.internal/").await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("DestinationNotFound"), "{error}");
}

#[tokio::test]
async fn a_trap_of_the_called_component_is_an_error_of_the_call() {
    let allowed = hosts(&["http://two.spin.internal"]);
    let app = App::new().guest("one", &allowed, "false").guest("two", "", "false").start().await;
    let (status, error) = get(&app, "one", "http://two.spin.internal/trap").await;
    assert_eq!(status, 418, "{error}");
}

#[tokio::test]
async fn http_goes_to_allowed_hosts_only() {
    let other = hello().await;
    let port = other.host.address().port();
    let allowed = hosts(&[&format!("http://127.0.0.1:{port}")]);
    let app = App::new().guest("guest", &allowed, "false").start().await;
    // Twice, so that the second request can take the first one's connection.
    for _ in 0..2 {
        let (status, answer) = get(&app, "guest", &other.url("/")).await;
        assert_eq!((status, &answer["body"]), (200, &json!("hello\n")), "{answer}");
    }
    let (status, error) = get(&app, "guest", &app.url("/guest/served")).await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("HttpRequestDenied"), "{error}");
}

#[tokio::test]
async fn a_host_that_is_not_there_refuses() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let app = App::new().guest("guest", &hosts(&[&nobody]), "false").start().await;
    let (status, error) = get(&app, "guest", &nobody).await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("ConnectionRefused"), "{error}");
}

#[tokio::test]
async fn redis_answers_are_flat_and_addresses_checked() {
    let redis = Redis::start();
    let app = App::new().guest("guest", &hosts(&[&redis.url()]), "false").start().await;
    let ask = async |command: &str, arguments: &[&str]| {
        let input = json!({ "address": redis.url(), "command": command, "arguments": arguments });
        app.get("/guest/redis", input).await
    };
    assert_eq!(ask("SET", &["k", "v"]).await, json!(["OK"]));
    assert_eq!(ask("MGET", &["k", "none"]).await, json!(["v", null]));
    let id = ask("XADD", &["s", "1-1", "field", "value"]).await;
    assert_eq!(id, json!(["1-1"]));
    assert_eq!(ask("XRANGE", &["s", "-", "+"]).await, json!(["1-1", "field", "value"]));
    let elsewhere = json!({ "address": "redis://127.0.0.1:1", "command": "PING" });
    let (status, error) = app.ask("/guest/redis", elsewhere).await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("InvalidAddress"), "{error}");
}

#[tokio::test]
async fn postgres_is_denied_like_everything_else() {
    let app = App::new().guest("guest", "", "false").start().await;
    let input = json!({ "address": "postgres://127.0.0.1/db", "statement": "SELECT 1" });
    let (status, error) = app.ask("/guest/postgres", input).await;
    assert_eq!(status, 418);
    assert!(error.to_string().contains("postgres://127.0.0.1:5432 is not permitted"), "{error}");
}
