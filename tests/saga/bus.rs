//! The bus, seen from outside: what anyone with a Redis client can read and do.

use std::collections::HashMap;

use boxoffice_contract::EventType;
use boxoffice_tests::{App, eventually};
use serde_json::{Value, json};

/// Every stream, which is every type of event.
pub(crate) fn streams() -> impl Iterator<Item = &'static str> {
    EventType::ALL.into_iter().map(EventType::name)
}

/// The streams that somebody must read.
pub(crate) fn streams_with_readers() -> impl Iterator<Item = &'static str> {
    let is_read = |event_type: &EventType| !event_type.groups().is_empty();
    EventType::ALL.into_iter().filter(is_read).map(EventType::name)
}

/// An entry of a stream: its id and its fields.
pub(crate) type Entry = (String, HashMap<String, String>);

/// The events that `stream` holds, oldest first.
pub(crate) async fn events(app: &App, stream: &str) -> Vec<Value> {
    let entries = entries(app, stream, "-").await;
    entries.iter().map(|(_, fields)| serde_json::from_str(&fields["event"]).unwrap()).collect()
}

/// The dead letters, oldest first.
pub(crate) async fn dead_letters(app: &App) -> Vec<Entry> {
    entries(app, "dead-letters", "-").await
}

/// A field of an entry.
pub(crate) fn field<'a>((_, fields): &'a Entry, name: &str) -> &'a str {
    fields.get(name).unwrap_or_else(|| panic!("no {name} in {fields:?}"))
}

/// The entries of `stream` from `start` on, oldest first.
pub(crate) async fn entries(app: &App, stream: &str, start: &str) -> Vec<Entry> {
    let mut redis = app.redis().await;
    redis::cmd("XRANGE").arg(&[stream, start, "+"]).query_async(&mut redis).await.unwrap()
}

/// The id of the last entry that was ever added to `stream`.
pub(crate) async fn last_entry(app: &App, stream: &str) -> String {
    let mut redis = app.redis().await;
    let info: HashMap<String, redis::Value> =
        redis::cmd("XINFO").arg(&["STREAM", stream]).query_async(&mut redis).await.unwrap();
    redis::from_redis_value_ref(&info["last-generated-id"]).unwrap()
}

/// The event of `stream` that is about `thing`, once there is one.
pub(crate) async fn event_of(app: &App, stream: &str, thing: &Value) -> Value {
    event_where(app, stream, |event| event["subject"] == thing["id"]).await
}

/// The first event of `stream` that is `right`, once there is one.
pub(crate) async fn event_where(app: &App, stream: &str, right: impl Fn(&Value) -> bool) -> Value {
    let look = async || events(app, stream).await.into_iter().find(&right);
    let what = format!("{stream} is published");
    eventually(&what, look, Option::is_some).await.unwrap()
}

/// An event that nobody sent: `data` about `subject`.
pub(crate) fn forged(app: &App, name: &str, subject: &Value, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("01980f3c-0000-7000-8000-{:012x}", rand()),
        "source": "/boxoffice/tests",
        "type": name,
        "subject": subject,
        "time": app.time(0),
        "datacontenttype": "application/json",
        "data": data,
    })
}

/// A number that is another each time.
fn rand() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// Puts `event` into its stream, and rings no doorbell.
pub(crate) async fn append(app: &App, event: &Value) -> String {
    let stream = event["type"].as_str().unwrap();
    append_raw(app, stream, &[("event", app.sealed(&event.to_string()).as_bytes())]).await
}

/// Puts an entry of any kind into a stream, and rings no doorbell.
pub(crate) async fn append_raw(app: &App, stream: &str, fields: &[(&str, &[u8])]) -> String {
    let mut redis = app.redis().await;
    redis::cmd("XADD").arg(stream).arg("*").arg(fields).query_async(&mut redis).await.unwrap()
}

/// Rings the doorbell of `event`; how many heard it.
pub(crate) async fn ring(app: &App, event: &Value) -> usize {
    let mut redis = app.redis().await;
    let (channel, message) = (event["type"].as_str().unwrap(), event.to_string());
    redis::cmd("PUBLISH").arg(channel).arg(message).query_async(&mut redis).await.unwrap()
}

/// Sends `event` as a service would.
pub(crate) async fn send(app: &App, event: &Value) {
    append(app, event).await;
    assert_ne!(ring(app, event).await, 0, "nobody listens to {}", event["type"]);
}

/// Has Redis refuse `command` to everyone, in scripts too.
pub(crate) async fn forbid(app: &App, command: &str) {
    rule(app, &format!("-{command}")).await;
}

/// Has Redis take `command` again.
pub(crate) async fn allow(app: &App, command: &str) {
    rule(app, &format!("+{command}")).await;
}

async fn rule(app: &App, rule: &str) {
    let mut redis = app.redis().await;
    let words = ["SETUSER", "default", rule];
    let _: () = redis::cmd("ACL").arg(&words).query_async(&mut redis).await.unwrap();
}

/// How much each group still has to do in `stream`: entries that it has not had, and those that it
/// has had and not acknowledged.
pub(crate) async fn unread(app: &App, stream: &str) -> Vec<(String, usize)> {
    let mut redis = app.redis().await;
    let groups: redis::RedisResult<Vec<HashMap<String, redis::Value>>> =
        redis::cmd("XINFO").arg(&["GROUPS", stream]).query_async(&mut redis).await;
    // A stream that nothing was ever written to does not exist.
    let Ok(groups) = groups else { return Vec::new() };
    let mut left = Vec::new();
    for group in groups {
        let text = |name: &str| -> String { redis::from_redis_value_ref(&group[name]).unwrap() };
        let pending: usize = text("pending").parse().unwrap();
        let after = format!("({}", text("last-delivered-id"));
        left.push((text("name"), pending + entries(app, stream, &after).await.len()));
    }
    left
}

/// Waits until all groups of `stream` have done everything in it.
pub(crate) async fn done(app: &App, stream: &str) {
    let left = async || unread(app, stream).await;
    let none =
        |left: &Vec<(String, usize)>| !left.is_empty() && left.iter().all(|(_, count)| *count == 0);
    eventually(&format!("{stream} is done"), left, none).await;
}

/// Waits until the shop listens to Redis, as it does again some time after Redis has come back.
pub(crate) async fn listens(app: &App) {
    let mut redis = app.redis().await;
    let subscribers = async || -> usize {
        let (_, count): (String, usize) = redis::cmd("PUBSUB")
            .arg(&["NUMSUB", "clock:tick"])
            .query_async(&mut redis)
            .await
            .unwrap();
        count
    };
    eventually("the shop listens to Redis", subscribers, |count| *count > 0).await;
}
