//! Faults on purpose: instances stopped at their calls, messages lost, repeated and late.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use boxoffice_host::{Call, CallFate, Cron, Faults, MessageFate};
use serde_json::{Value, json};

use crate::harness::{App, Redis, Running};

const GRANTS: &str = "variables = { redis = \"{{ redis }}\" }\n\
                      allowed_outbound_hosts = [\"{{ redis }}\"]\n\
                      sqlite_databases = [\"default\"]";

/// What goes wrong next, each once: a call by its text, the next message.
#[derive(Default)]
struct Next {
    call: Mutex<Option<(&'static str, CallFate)>>,
    message: Mutex<Option<MessageFate>>,
}

impl Next {
    fn call(&self, text: &'static str, fate: CallFate) {
        *self.call.lock().unwrap() = Some((text, fate));
    }

    fn message(&self, fate: MessageFate) {
        *self.message.lock().unwrap() = Some(fate);
    }
}

impl Faults for Next {
    fn of_call(&self, component: &str, call: Call<'_>) -> CallFate {
        assert_eq!(component, "guest");
        let taken = self.call.lock().unwrap().take_if(|(text, _)| call.to_string() == *text);
        taken.map_or(CallFate::Made, |(_, fate)| fate)
    }

    fn of_message(&self, component: &str, channel: &str) -> MessageFate {
        assert_eq!((component, channel), ("guest", "a"));
        self.message.lock().unwrap().take().unwrap_or(MessageFate::Delivered)
    }
}

async fn app(redis: &Redis) -> (Arc<Next>, Running) {
    let next = Arc::new(Next::default());
    let (url, faults) = (redis.url(), next.clone());
    let app = App::new()
        .text("[[trigger.cron]]\ncomponent = \"guest\"\ncron_expression = \"0 0 0 1 1 *\"")
        .guest("guest", GRANTS, "false")
        .channel("a", "guest");
    let app = app
        .start_with(|options| {
            options.variables.insert("redis".into(), url);
            options.cron = Cron::Manual;
            options.faults = Some(faults);
        })
        .await;
    (next, app)
}

#[tokio::test]
async fn an_instance_is_stopped_on_either_side_of_a_call() {
    let redis = Redis::start();
    let (next, app) = app(&redis).await;
    for (fate, left) in [(CallFate::StoppedBefore, 0), (CallFate::StoppedAfter, 1)] {
        assert_eq!(app.get("/guest/served", Value::Null).await, 1);
        next.call("redis RPUSH", fate);
        let push = |value: &str| {
            let arguments = json!(["kept", value]);
            json!({ "address": redis.url(), "command": "RPUSH", "arguments": arguments })
        };
        let (status, problem) = app.ask("/guest/redis", push("x")).await;
        assert_eq!((status, &problem["status"]), (500, &json!(500)), "{problem}");
        // The next instance has not served anybody yet.
        assert_eq!(app.get("/guest/served", Value::Null).await, 1, "{fate:?}");
        let pushed = app.get("/guest/redis", push("y")).await;
        assert_eq!(pushed, json!([left + 1]), "{fate:?}");
        let gone = json!({ "address": redis.url(), "command": "DEL", "arguments": ["kept"] });
        app.get("/guest/redis", gone).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
}

#[tokio::test]
async fn an_open_transaction_goes_with_its_instance() {
    let redis = Redis::start();
    let (next, app) = app(&redis).await;
    let sql = |statements: &[&str]| json!({ "statements": statements });
    app.get("/guest/sql", sql(&["PRAGMA journal_mode = WAL", "CREATE TABLE t (n INTEGER)"])).await;
    let write = sql(&["BEGIN IMMEDIATE", "INSERT INTO t VALUES (1)", "COMMIT"]);
    let count = sql(&["PRAGMA busy_timeout = 5000", "SELECT COUNT(*) FROM t"]);
    let expected = [(CallFate::StoppedBefore, "[[0]]"), (CallFate::StoppedAfter, "[[1]]")];
    for (fate, rows) in expected {
        next.call("sqlite COMMIT", fate);
        assert_eq!(app.ask("/guest/sql", write.clone()).await.0, 500);
        let counted = app.get("/guest/sql", count.clone()).await;
        assert!(counted.to_string().contains(rows), "{fate:?}: {counted}");
    }
    // Nobody holds the lock.
    app.get("/guest/sql", sql(&["PRAGMA busy_timeout = 5000", "INSERT INTO t VALUES (2)"])).await;
}

#[tokio::test]
async fn messages_are_dropped_repeated_and_late() {
    let redis = Redis::start();
    let (next, _app) = app(&redis).await;
    let publish = async |message: &str, entries: usize| {
        assert_eq!(redis.publish("a", message), 1);
        redis.received(entries).await
    };
    next.message(MessageFate::Dropped);
    publish("dropped", 0).await;
    assert_eq!(publish("one", 1).await, ["one 0"]);
    next.message(MessageFate::Repeated);
    assert_eq!(publish("two", 3).await, ["one 0", "two 0", "two 0"]);
    next.message(MessageFate::Late(Duration::from_millis(300)));
    publish("late", 3).await;
    publish("three", 4).await;
    let all = redis.received(5).await;
    assert_eq!(all[3..], ["three 0", "late 0"]);
}

#[tokio::test]
async fn workers_and_ticks_are_stopped_and_the_next_goes_on() {
    let redis = Redis::start();
    let (next, app) = app(&redis).await;
    next.call("redis RPUSH", CallFate::StoppedBefore);
    redis.publish("a", "lost");
    redis.publish("a", "kept");
    assert_eq!(redis.received(1).await, ["kept 0"]);
    next.call("redis PUBLISH", CallFate::StoppedBefore);
    let error = app.host.fire_cron().await.unwrap_err().to_string();
    assert!(error.contains("guest: ") && error.contains("a fault stopped"), "{error}");
    app.host.fire_cron().await.unwrap();
}

#[tokio::test]
async fn a_call_is_late() {
    let redis = Redis::start();
    let (next, app) = app(&redis).await;
    next.call("redis PING", CallFate::Late(Duration::from_millis(200)));
    let start = std::time::Instant::now();
    let ping = json!({ "address": redis.url(), "command": "PING", "arguments": [] });
    app.get("/guest/redis", ping).await;
    assert!(start.elapsed() >= Duration::from_millis(200));
}
