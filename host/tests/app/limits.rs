//! What strangers may have of the host: connections, bodies, answers, places.

use std::time::{Duration, Instant};

use boxoffice_host::Limits;
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{App, PROXY, Running};

/// How long something may take that has to wait for nobody.
const SOON: Duration = Duration::from_secs(5);
/// Bytes of an answer that no socket takes up.
const LONG: usize = 12_000_000;

async fn guest(limits: Limits) -> Running {
    let app = App::new().guest("guest", "sqlite_databases = [\"default\"]", "false");
    app.guest("healthz", "", "false").start_with(|options| options.limits = limits).await
}

/// A connection over which `text` was sent.
async fn sent(app: &Running, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.host.address()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// A request for a guest with a body, of which `body` is sent.
fn post(path: &str, length: usize, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: shop.example\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// A request for an answer of [`LONG`] bytes.
fn for_a_long_answer() -> String {
    let query = format!("SELECT hex(zeroblob({}))", LONG / 2);
    let body = json!({ "statements": [query] }).to_string();
    post("/guest/sql", body.len(), &body)
}

/// What comes over a connection until it is closed, however that happens.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reading = async {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..read]);
        }
    };
    tokio::time::timeout(2 * SOON, reading).await.expect("the connection is closed");
    bytes
}

/// The same, as text of which the beginning matters.
async fn told(stream: &mut TcpStream) -> String {
    String::from_utf8_lossy(&rest(stream).await).into_owned()
}

/// The status of an answer of which nothing else is read.
async fn status(stream: &mut TcpStream) -> String {
    let mut line = [0; 12];
    tokio::time::timeout(2 * SOON, stream.read_exact(&mut line)).await.unwrap().unwrap();
    String::from_utf8_lossy(&line[9..]).into_owned()
}

/// Asks for something that takes a moment where there is a place.
async fn is_served_soon(app: &Running) {
    let asked = tokio::time::timeout(SOON, app.get("/guest/served", Value::Null)).await;
    asked.expect("there is a place");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_come_take_no_places() {
    let app =
        guest(Limits { requests: 2, body_time: Duration::from_secs(2), ..Limits::default() }).await;
    let half = post("/guest/served", 10, "12345");
    let mut streams = join_all((0..30).map(|_| sent(&app, &half))).await;
    let start = Instant::now();
    is_served_soon(&app).await;
    for stream in &mut streams {
        let answer = told(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.contains("/api/docs#problem-too-slow"), "{answer}");
    }
    assert!(start.elapsed() < 2 * SOON, "{:?}", start.elapsed());
    // Nothing of them reached the component, whose instances count what they have served.
    let served = app.get("/guest/served", Value::Null).await;
    assert!(served.as_i64().is_some_and(|served| served <= 2), "{served}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_body_is_refused_by_the_host() {
    let app = guest(Limits::default()).await;
    let limit = Limits::default().body_bytes;
    let chunk = format!("{:x}\r\n{}\r\n", limit + 1, "a".repeat(limit + 1));
    let chunked = format!(
        "POST /guest/served HTTP/1.1\r\nhost: shop.example\r\ntransfer-encoding: chunked\r\n\r\n\
         {chunk}0\r\n\r\n"
    );
    let announced = post("/guest/served", limit + 1, &"a".repeat(limit + 1));
    let asking = announced.split("\r\n\r\n").next().unwrap();
    let asking = format!("{asking}\r\nexpect: 100-continue\r\n\r\n");
    for request in [announced, chunked, asking] {
        let answer = told(&mut sent(&app, &request).await).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains(&format!("may have at most {limit} bytes")), "{answer}");
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{answer}");
    }
    // One of just that length is the component's to judge.
    let longest = post("/guest/served", limit, &format!("1{}", " ".repeat(limit - 1)));
    assert_eq!(status(&mut sent(&app, &longest).await).await, "200");
    assert_eq!(app.get("/guest/served", Value::Null).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_takes_no_place_and_is_left() {
    let app = guest(Limits {
        requests: 2,
        stall_time: Duration::from_secs(2),
        answers_bytes: 10 * LONG,
        answers_bytes_per_client: 10 * LONG,
        ..Limits::default()
    })
    .await;
    let long = for_a_long_answer();
    let mut streams = join_all((0..6).map(|_| sent(&app, &long))).await;
    for stream in &mut streams {
        assert_eq!(status(stream).await, "200");
    }
    is_served_soon(&app).await;
    // What the sockets have taken up is still there to be read; the rest is not.
    tokio::time::sleep(Duration::from_secs(4)).await;
    for stream in &mut streams {
        let read = rest(stream).await.len();
        assert!(read < LONG, "{read} bytes were sent to someone who did not read");
    }
    // Whoever reads gets all of it.
    let mut reader = sent(&app, &long.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")).await;
    assert!(rest(&mut reader).await.len() > LONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_much_waits_to_be_read_by_one_client() {
    let app =
        guest(Limits { answers_bytes_per_client: 2 * LONG + LONG / 2, ..Limits::default() }).await;
    let mut unread =
        [sent(&app, &for_a_long_answer()).await, sent(&app, &for_a_long_answer()).await];
    for stream in &mut unread {
        assert_eq!(status(stream).await, "200");
    }
    let mut third = sent(&app, &for_a_long_answer()).await;
    assert_eq!(status(&mut third).await, "429");
    // Short answers are always sent, and what is given up counts no more.
    is_served_soon(&app).await;
    drop(unread);
    let start = Instant::now();
    while status(&mut sent(&app, &for_a_long_answer()).await).await != "200" {
        assert!(start.elapsed() < SOON, "nothing was given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const GET: &str = "GET /guest/served HTTP/1.1\r\nhost: shop.example\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_only_so_many_connections() {
    let app = guest(Limits { connections_per_client: 3, ..Limits::default() }).await;
    let mut kept = join_all((0..3).map(|_| sent(&app, GET))).await;
    for stream in &mut kept {
        assert_eq!(status(stream).await, "200");
    }
    let mut fourth = TcpStream::connect(app.host.address()).await.unwrap();
    let _ = fourth.write_all(GET.as_bytes()).await;
    assert_eq!(rest(&mut fourth).await, b"", "it is closed");
    drop(kept.pop());
    let start = Instant::now();
    while rest_of_one(&app).await.is_empty() {
        assert!(start.elapsed() < SOON, "nobody could take the place");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What comes over a connection of its own that ends after one request.
async fn rest_of_one(app: &Running) -> Vec<u8> {
    let mut stream = TcpStream::connect(app.host.address()).await.unwrap();
    let request = GET.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(request.as_bytes()).await;
    rest(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_connections_are_counted_together() {
    let limits = Limits { connections: 5, connections_per_client: 1, ..Limits::default() };
    let app = App::new().text(PROXY).guest("guest", "", "false");
    let app = app.start_with(|options| options.limits = limits).await;
    let mut kept = join_all((0..5).map(|_| sent(&app, GET))).await;
    for stream in &mut kept {
        assert_eq!(status(stream).await, "200");
    }
    assert_eq!(rest_of_one(&app).await, b"", "it is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_a_length_and_a_time() {
    let limits = Limits { head_time: Duration::from_secs(1), ..Limits::default() };
    let app = guest(limits).await;
    let start = Instant::now();
    let mut slow = sent(&app, "GET /guest/served HTTP/1.1\r\nhost:").await;
    rest(&mut slow).await;
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    // What has come by then is still read.
    let cookie = "c".repeat(4 * Limits::default().head_bytes);
    let long = format!("GET / HTTP/1.1\r\nhost: shop.example\r\ncookie: {cookie}\r\n\r\n");
    assert_eq!(status(&mut sent(&app, &long).await).await, "431");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_shop_says_how_it_is() {
    let app = guest(Limits { requests: 1, ..Limits::default() }).await;
    let full = app.ask("/guest/sleep", json!(3_000));
    let asked = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let start = Instant::now();
        let (health, other) = tokio::join!(
            async { (app.ask("/healthz", Value::Null).await.0, start.elapsed()) },
            async { (app.ask("/guest/served", Value::Null).await.0, start.elapsed()) },
        );
        // The guest has nothing to do there, and says so.
        assert_eq!((health.0, other.0), (418, 200));
        assert!(2 * health.1 < other.1, "{health:?} {other:?}");
    };
    let (full, ()) = tokio::join!(full, asked);
    assert_eq!(full.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_burst_took_is_given_back() {
    const MIB: f64 = 1_048_576.0;
    let app = guest(Limits::default()).await;
    let kept = || {
        let mut text = String::new();
        app.host.metrics().encode(&mut text).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix("boxoffice_pool_kept_bytes "));
        value.unwrap().parse::<f64>().unwrap()
    };
    // Sixteen of them share an instance.
    let held = json!({ "megabytes": 3, "milliseconds": 1_000 });
    let burst = join_all((0..256).map(|_| app.ask("/guest/hold", held.clone()))).await;
    assert!(burst.iter().all(|(status, _)| *status == 200), "{burst:?}");
    let start = Instant::now();
    while kept() < 24.0 * MIB {
        assert!(start.elapsed() < 2 * SOON, "the pool keeps {} MiB", kept() / MIB);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Those that go on are not interrupted.
    let going_on = app.ask("/guest/sleep", json!(12_000));
    let given_back = async {
        while kept() > 8.0 * MIB {
            assert!(start.elapsed() < Duration::from_secs(60), "{} MiB", kept() / MIB);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        is_served_soon(&app).await;
    };
    let (going_on, ()) = tokio::join!(going_on, given_back);
    assert_eq!(going_on.0, 200);
}
