//! Spans, exported as the environment says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Signal;

use crate::process::{Started, boxoffice, free_port, run_with, send, stderr, wait_until};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(10);
const TRACE: [u8; 16] = *b"one trace of all";

/// Accepts what is exported first: the head of the request, in lower case, and its body.
fn collector() -> (SocketAddr, JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let collected = std::thread::spawn(move || {
        let mut stream = None;
        wait_until("spans come", PATIENCE, || {
            stream = listener.accept().ok();
            stream.is_some()
        });
        let stream = stream.unwrap().0;
        stream.set_nonblocking(false).unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            stream.read_line(&mut head).unwrap();
        }
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        (head, body)
    });
    (address, collected)
}

fn has(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// A folder with an application that has no component.
fn empty() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The trace of a stranger would not be taken up.
    let manifest = "spin_manifest_version = 2\n[application]\nname = \"empty\"\n\
                    [variables.trusted_proxies]\ndefault = \"127.0.0.1\"\n";
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    folder
}

#[test]
fn spans_are_exported_before_it_ends() {
    let folder = empty();
    let (address, collected) = collector();
    let shop = format!("127.0.0.1:{}", free_port());
    let mut command = boxoffice(folder.path(), &["serve", "--listen", &shop]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop");
    let mut running = Started::new(&mut command);
    wait_until("it listens", PATIENCE, || std::net::TcpStream::connect(&shop).is_ok());
    let hex: String = TRACE.iter().map(|byte| format!("{byte:02x}")).collect();
    let header = format!("traceparent: 00-{hex}-b7ad6b7169203331-01\r\n");
    assert_eq!(send(&shop, "/somewhere", &header).0, 404);
    running.signal(Signal::INT);
    assert_eq!(running.code(), Some(0));
    let (head, body) = collected.join().unwrap();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    for line in ["content-type: application/x-protobuf", "x-tenant: shop"] {
        assert!(head.contains(line), "{line} in {head}");
    }
    for part in [&TRACE[..], b"GET -", b"/somewhere", b"service.name", b"boxoffice"] {
        assert!(has(&body, part), "{}", String::from_utf8_lossy(part));
    }
}

#[test]
fn a_collector_that_is_away_keeps_nobody_waiting() {
    let folder = empty();
    let shop = format!("127.0.0.1:{}", free_port());
    let mut command = boxoffice(folder.path(), &["serve", "--listen", &shop]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{}", free_port()));
    let mut running = Started::new(&mut command);
    wait_until("it listens", PATIENCE, || std::net::TcpStream::connect(&shop).is_ok());
    assert_eq!(send(&shop, "/", "").0, 404);
    running.signal(Signal::INT);
    assert_eq!(running.code(), Some(0));
}

#[test]
fn a_protocol_that_is_not_spoken_is_told_with_the_way_out() {
    let folder = empty();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    let output = run_with(folder.path(), &["serve", "--listen", "127.0.0.1:0"], &variables);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), "{text}");
    assert!(text.contains("http/protobuf"), "{text}");
}
