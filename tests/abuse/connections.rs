//! Requests half sent, answers never read, streams and connections without end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use boxoffice_tests::{App, Surroundings, get};
use futures::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a health check may take beside an attack. Alone it takes milliseconds.
const SOON: Duration = Duration::from_secs(5);
/// More than the host has places for.
const CROWD: usize = 320;

/// Connections over each of which `request` was sent.
async fn sent(address: SocketAddr, request: &str, count: usize) -> Vec<TcpStream> {
    let one = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    };
    join_all((0..count).map(|_| one())).await
}

/// The status of an answer of which nothing else is read.
async fn status(stream: &mut TcpStream) -> String {
    let mut line = [0; 12];
    tokio::time::timeout(4 * SOON, stream.read_exact(&mut line)).await.unwrap().unwrap();
    String::from_utf8_lossy(&line[9..]).into_owned()
}

/// The shop says how it is, and shows its first page, as if nothing were.
async fn is_well(app: &App) {
    let start = Instant::now();
    for path in ["/healthz", "/readyz", "/", "/api/tickets"] {
        assert_eq!(app.client().get(path).await.status, 200, "{path}");
    }
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_keep_nobody_waiting() {
    let app = App::start().await;
    is_well(&app).await;
    let half = "POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 10\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    let mut streams = sent(app.host().address(), half, CROWD).await;
    is_well(&app).await;
    for stream in &mut streams {
        assert_eq!(status(stream).await, "408");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_keeps_nobody_waiting() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    for _ in 0..20 {
        seller.list(json!({ "description": "long ".repeat(800) })).await.expect(201);
    }
    let request = "GET /api/tickets?limit=100 HTTP/1.1\r\nhost: shop.example\r\n\r\n";
    // As many times as an answer may take up in the sockets, and then some.
    let _unread = sent(app.host().address(), &request.repeat(50), CROWD).await;
    is_well(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_does_not_take_all_streams() {
    let mut around = Surroundings::prepare().await;
    around.limits.streams = 40;
    around.limits.streams_per_client = 10;
    around.variables.insert("trusted_proxies".into(), "127.0.0.1".into());
    let app = App::start_in(around).await;
    let listen = |client: &str| {
        format!(
            "GET /live?ticket=01980f3c-0000-7000-8000-000000000000 HTTP/1.1\r\n\
             host: shop.example\r\nx-forwarded-for: {client}\r\n\r\n"
        )
    };
    let mut greedy = sent(app.host().address(), &listen("198.51.100.7"), 60).await;
    let mut statuses = Vec::new();
    for stream in &mut greedy {
        statuses.push(status(stream).await);
    }
    let count = |wanted: &str| statuses.iter().filter(|status| *status == wanted).count();
    assert_eq!((count("200"), count("429")), (10, 50), "{statuses:?}");
    let mut other = sent(app.host().address(), &listen("198.51.100.8"), 1).await;
    assert_eq!(status(&mut other[0]).await, "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_does_not_take_all_connections() {
    let mut around = Surroundings::prepare().await;
    around.limits.connections_per_client = 20;
    let app = App::start_in(around).await;
    let mut streams = Vec::new();
    for _ in 0..60 {
        streams.push(TcpStream::connect(app.host().address()).await.unwrap());
    }
    let mut open = 0;
    for stream in &mut streams {
        let asked = "GET /healthz HTTP/1.1\r\nhost: shop.example\r\n\r\n";
        let mut line = [0; 12];
        let sent = stream.write_all(asked.as_bytes()).await;
        let read = tokio::time::timeout(4 * SOON, stream.read_exact(&mut line)).await;
        open += usize::from(sent.is_ok() && read.expect("an answer or the end").is_ok());
    }
    assert_eq!(open, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_an_end_is_refused() {
    let app = App::start().await;
    let head = "POST /api/users/signIn HTTP/1.1\r\nhost: shop.example\r\n\
                content-type: application/json\r\n";
    let endless = format!("{head}transfer-encoding: chunked\r\n\r\n");
    let mut stream = sent(app.host().address(), &endless, 1).await.remove(0);
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
    for _ in 0..17 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    assert_eq!(status(&mut stream).await, "413");
    let announced = format!("{head}content-length: 1000000000\r\n\r\n");
    let mut stream = sent(app.host().address(), &announced, 1).await.remove(0);
    assert_eq!(status(&mut stream).await, "413");
    app.client().send(&get("/healthz")).await.expect(200);
}
