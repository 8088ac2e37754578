//! How much Redis keeps, however many events there were.

use std::time::Duration;

use boxoffice_tests::{App, eventually};
use serde_json::json;

use crate::backlog::{self, STREAMS};
use crate::bus;
use crate::live::NEWS;

const PATIENCE: Duration = Duration::from_secs(60);
/// What clients' buffers and the allocator may differ by, in bytes.
const SLACK: usize = 300_000;

/// How much memory Redis uses, and how many entries its streams have, once all is trimmed.
async fn kept(app: &App) -> (usize, Vec<usize>) {
    let lengths = async || {
        app.tick().await;
        lengths(app).await
    };
    let lengths =
        eventually("streams are trimmed", lengths, |l| l.iter().sum::<usize>() == 0).await;
    let mut redis = app.redis().await;
    // Redis notes the last 128 slow commands: few or many, as busy as the machine is.
    let _: () = redis::cmd("SLOWLOG").arg("RESET").query_async(&mut redis).await.unwrap();
    let info: String = redis::cmd("INFO").arg("memory").query_async(&mut redis).await.unwrap();
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    (used.trim().parse().unwrap(), lengths)
}

async fn lengths(app: &App) -> Vec<usize> {
    let mut lengths = Vec::new();
    for stream in STREAMS {
        lengths.push(length(app, stream).await);
    }
    lengths
}

async fn length(app: &App, stream: &str) -> usize {
    let mut redis = app.redis().await;
    redis::cmd("XLEN").arg(stream).query_async(&mut redis).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_as_many_events_leave_no_more_behind() {
    let app = App::start().await;
    app.tick().await;
    backlog::pile_up(&app, 0, 250, 10).await;
    backlog::drain(&app, PATIENCE).await;
    let (few, lengths) = kept(&app).await;
    backlog::pile_up(&app, 250, 2_500, 10).await;
    backlog::drain(&app, PATIENCE).await;
    let (many, lengths_then) = kept(&app).await;
    assert_eq!(lengths, lengths_then);
    assert!(many < few + SLACK, "{few} bytes after 500 events, {many} after 5,500");
    assert_eq!(backlog::outbox(&app), 0, "the outbox forgets what everybody has had");
    let sql = "SELECT COUNT(*) FROM tickets_orders WHERE status = 'cancelled'";
    let known: i64 = app.database().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(known, 2_750, "all of them were applied");
    let mut redis = app.redis().await;
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    keys.retain(|key| {
        bus::streams().all(|stream| stream != key.as_str()) && !key.starts_with("boxoffice:")
    });
    // What is deleted by itself does not pile up: answers are cached for a second.
    let mut lasting = Vec::new();
    for key in keys {
        let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.unwrap();
        lasting.extend((left == -1).then_some(key));
    }
    assert_eq!(lasting, [NEWS], "nothing else piles up");
    assert!(length(&app, NEWS).await < 2_200, "and news is only kept for a while");
}

/// A measurement: run it with `--ignored --nocapture`. What Redis keeps on the way to a million
/// events, every one of them applied by all who must.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, which takes a quarter of an hour"]
async fn a_million_events_leave_no_more_behind() {
    const SLICE: usize = 50_000;
    let app = App::start().await;
    app.tick().await;
    for slice in 0..20 {
        backlog::pile_up(&app, slice * SLICE / 2, SLICE / 2, 1_000).await;
        let (took, _) = backlog::drain(&app, 20 * PATIENCE).await;
        let (bytes, lengths) = kept(&app).await;
        let (events, seconds) = ((slice + 1) * SLICE, took.as_secs_f64());
        println!(
            "{events} events: {bytes} bytes, {lengths:?} entries; the last took {seconds:.1} s"
        );
    }
    assert_eq!(backlog::outbox(&app), 0, "the outbox forgets what everybody has had");
}

/// Nobody must read these: the newest are kept for people who look, unless someone reads them.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_nobody_must_read_is_kept_for_who_does() {
    let app = App::start().await;
    let mut redis = app.redis().await;
    let fill = async |stream: &str| {
        let event =
            bus::forged(&app, stream, &json!("01980f3c-0000-7000-8000-000000000001"), json!({}));
        for _ in 0..3_000 {
            bus::append(&app, &event).await;
        }
    };
    let words = ["CREATE", "payment:captured", "accounting", "0", "MKSTREAM"];
    let _: () = redis::cmd("XGROUP").arg(&words).query_async(&mut redis).await.unwrap();
    fill("payment:captured").await;
    fill("payment:voided").await;
    let others = async || {
        app.tick().await;
        length(&app, "payment:voided").await
    };
    let others = eventually("what nobody reads is trimmed", others, |l| *l < 3_000).await;
    assert!((1_000..1_200).contains(&others), "{others} entries are kept");
    assert_eq!(length(&app, "payment:captured").await, 3_000, "accounting has had none of them");
    let read = ["GROUP", "accounting", "clerk", "NOACK", "STREAMS", "payment:captured", ">"];
    let _: redis::Value =
        redis::cmd("XREADGROUP").arg(&read).query_async(&mut redis).await.unwrap();
    let done = async || {
        app.tick().await;
        length(&app, "payment:captured").await
    };
    eventually("what accounting has read is trimmed", done, |left| *left == 0).await;
}
