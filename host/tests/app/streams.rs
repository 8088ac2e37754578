//! Event streams: places of their own, their end.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::Value;

use crate::harness::{App, PROXY, Running};

/// Opens a stream, and reads what it says first.
async fn listen(app: &Running) -> reqwest::Response {
    let mut stream = app.client.get(app.url("/guest/events")).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "data: here\n\n");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_take_no_places_of_requests() {
    let app = App::new().guest("guest", "", "false").guest("other", "", "false");
    let app = app.start_with(|options| options.limits.streams_per_client = 400).await;
    let streams = join_all((0..400).map(|_| listen(&app))).await;
    let start = Instant::now();
    let asked = join_all((0..50).map(|_| app.get("/other/served", Value::Null))).await;
    assert_eq!(asked.len(), 50);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(streams);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_only_so_many_streams() {
    let app = App::new().guest("guest", "", "false");
    let app = app.start_with(|options| options.limits.streams = 2).await;
    let (first, mut second) = (listen(&app).await, listen(&app).await);
    let (status, problem) = app.ask("/guest/events", Value::Null).await;
    assert_eq!(status, 503, "{problem}");
    assert_eq!(app.ask("/guest/served", Value::Null).await.0, 200);
    // Whoever leaves makes room.
    drop(first);
    let start = Instant::now();
    while app.client.get(app.url("/guest/events")).send().await.unwrap().status() != 200 {
        assert!(start.elapsed() < Duration::from_secs(5), "nobody could take the place");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(second.chunk().await.unwrap().unwrap(), "data: here\n\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_only_so_many_streams() {
    let app = App::new().text(PROXY).guest("guest", "", "false");
    let app = app.start_with(|options| options.limits.streams_per_client = 2).await;
    let listen = async |client: &str| {
        let request = app.client.get(app.url("/guest/events"));
        request.header("x-forwarded-for", client).send().await.unwrap()
    };
    let kept = [listen("198.51.100.7").await, listen("198.51.100.7").await];
    assert!(kept.iter().all(|stream| stream.status() == 200));
    let refused = listen("198.51.100.7").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "10");
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    // Others have theirs: another address, another network of IPv6.
    let mut others = Vec::new();
    for client in ["198.51.100.8", "2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"] {
        others.push(listen(client).await);
        assert_eq!(others[others.len() - 1].status(), 200, "{client}");
    }
    assert_eq!(listen("2001:db8:0:1::3").await.status(), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_ends_streams() {
    let app = App::new().guest("guest", "", "false").start().await;
    let stream = listen(&app).await;
    let start = Instant::now();
    app.host.shutdown(Duration::from_secs(5)).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    // Ended, not broken off.
    stream.bytes().await.unwrap();
}
