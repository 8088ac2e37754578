//! TCP connections of a component: to allowed addresses, and to nothing else.

use std::io::Write as _;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::harness::{App, Running};

/// A server that greets everyone who connects.
fn greeter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(b"220 hello");
        }
    });
    port
}

async fn app(entry: &str) -> Running {
    let allowed = format!("allowed_outbound_hosts = [{entry:?}]");
    App::new().guest("guest", &allowed, "false").start().await
}

async fn socket(app: &Running, what: &str, address: &str) -> (u16, Value) {
    app.ask("/guest/socket", json!({ "what": what, "address": address })).await
}

#[tokio::test]
async fn an_allowed_address_is_reached_by_both_generations_of_sockets() {
    let port = greeter();
    let address = format!("127.0.0.1:{port}");
    for entry in [format!("tcp://{address}"), format!("tcp://*:{port}")] {
        let app = app(&entry).await;
        assert_eq!(socket(&app, "connect", &address).await, (200, json!("220 hello")), "{entry}");
        let of_old = app.ask("/guest/socket-of-old", json!({ "address": address })).await;
        assert_eq!(of_old, (200, json!("220 hello")), "{entry}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_denied() {
    let port = greeter();
    let address = format!("127.0.0.1:{port}");
    for entry in [
        format!("tcp://127.0.0.1:{}", port.wrapping_add(1)),
        format!("tcp://localhost:{port}"),
        format!("http://127.0.0.1:{port}"),
    ] {
        let app = app(&entry).await;
        let (status, error) = socket(&app, "connect", &address).await;
        assert_eq!(status, 418, "{entry}");
        assert!(error.to_string().contains("AccessDenied"), "{entry}: {error}");
        let (status, _) = app.ask("/guest/socket-of-old", json!({ "address": address })).await;
        assert_eq!(status, 418, "{entry}");
    }
}

#[tokio::test]
async fn nobody_listens_sends_datagrams_or_looks_up_names() {
    let app = app("*://*:*").await;
    for (what, why) in
        [("listen", "AccessDenied"), ("udp", "AccessDenied"), ("name", "ResolverFailure")]
    {
        let (status, error) = socket(&app, what, "localhost").await;
        assert_eq!(status, 418, "{what}");
        assert!(error.to_string().contains(why), "{what}: {error}");
    }
}
