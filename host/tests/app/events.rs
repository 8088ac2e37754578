//! The Redis and cron triggers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use boxoffice_host::{Cron, ManualClock, RedisLost, StopReason};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::harness::{App, Redis, Running};

const GRANTS: &str = "variables = { redis = \"{{ redis }}\" }\n\
                      allowed_outbound_hosts = [\"{{ redis }}\"]";

async fn listener(redis: &Redis, lost: RedisLost) -> Running {
    let url = redis.url();
    let app =
        App::new().guest("guest", GRANTS, "false").channel("a", "guest").channel("b", "guest");
    app.start_with(|options| {
        options.variables.insert("redis".into(), url);
        options.redis_lost = lost;
    })
    .await
}

#[tokio::test]
async fn messages_are_handled_in_order_each_by_a_fresh_instance() {
    let redis = Redis::start();
    let _app = listener(&redis, RedisLost::Reconnect).await;
    // Subscribed to when the start returned.
    assert_eq!(redis.publish("a", "slow"), 1);
    for n in 0..20 {
        redis.publish(if n % 2 == 0 { "a" } else { "b" }, &format!("m{n}"));
    }
    let mut expected = vec!["slow 0".to_owned()];
    expected.extend((0..20).map(|n| format!("m{n} 0")));
    assert_eq!(redis.received(21).await, expected);
}

#[tokio::test]
async fn a_failed_message_is_dropped_and_the_next_handled() {
    let redis = Redis::start();
    let _app = listener(&redis, RedisLost::Reconnect).await;
    for message in ["fail", "one", "trap", "two"] {
        redis.publish("a", message);
    }
    assert_eq!(redis.received(2).await, ["one 0", "two 0"]);
}

#[tokio::test]
async fn a_lost_redis_is_connected_to_again() {
    let mut redis = Redis::start();
    let app = listener(&redis, RedisLost::Reconnect).await;
    redis.stop();
    assert!(tokio::time::timeout(Duration::from_millis(300), app.host.stopped()).await.is_err());
    redis.again();
    let start = std::time::Instant::now();
    while redis.publish("a", "back") == 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "nobody listens again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(redis.received(1).await, ["back 0"]);
}

#[tokio::test]
async fn or_the_host_stops_as_spin_does() {
    let mut redis = Redis::start();
    let app = listener(&redis, RedisLost::Exit).await;
    redis.stop();
    let reason = tokio::time::timeout(Duration::from_secs(5), app.host.stopped()).await.unwrap();
    let StopReason::RedisLost { address, .. } = &reason else { panic!("{reason}") };
    assert_eq!(*address, format!("127.0.0.1:{}", redis.port));
}

fn ticking() -> App {
    App::new()
        .text("[[trigger.cron]]\ncomponent = \"guest\"\ncron_expression = \"* * * * * *\"")
        .guest("guest", GRANTS, "false")
}

#[tokio::test]
async fn cron_is_fired_by_hand_with_the_hosts_clock() {
    let redis = Redis::start();
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(77));
    let url = redis.url();
    let app = ticking();
    let app = app
        .start_with(|options| {
            options.variables.insert("redis".into(), url);
            options.clock = Arc::new(clock);
            options.cron = Cron::Manual;
        })
        .await;
    let mut ticks = redis.listen("ticks").await;
    app.host.fire_cron().await.unwrap();
    let tick = ticks.on_message().next().await.unwrap();
    assert_eq!(tick.get_payload_bytes(), b"77");
}

#[tokio::test]
async fn cron_ticks_by_its_schedule() {
    let redis = Redis::start();
    let url = redis.url();
    let app = ticking();
    let _app = app.start_with(|options| drop(options.variables.insert("redis".into(), url))).await;
    let mut ticks = redis.listen("ticks").await;
    let mut ticks = ticks.on_message();
    let mut next = async || {
        let tick = tokio::time::timeout(Duration::from_secs(5), ticks.next()).await;
        tick.unwrap().unwrap().get_payload::<u64>().unwrap()
    };
    let (first, second) = (next().await, next().await);
    assert!((first..=first + 2).contains(&second), "{first} then {second}");
}

#[tokio::test]
async fn a_tick_that_fails_is_told() {
    let app = ticking().start_with(|options| options.cron = Cron::Manual).await;
    let error = app.host.fire_cron().await.unwrap_err().to_string();
    assert!(error.starts_with("guest: "), "{error}");
    assert_eq!(app.get("/guest/served", Value::Null).await, json!(1));
}
