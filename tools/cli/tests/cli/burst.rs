//! What a burst takes, and that it comes back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::{Started, boxoffice, free_port, get, wait_until};

/// How long the process has to give back what a burst took.
const BACK: Duration = Duration::from_secs(60);
/// Within how much of what it had before, in kilobytes.
const WITHIN: u64 = 50 << 10;
/// Connections to its database that a shop may keep beside those that it had.
const KEPT: usize = 10;

/// A process's own memory that is in RAM, in kilobytes.
fn anonymous(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// How many descriptors of its database a process has.
fn databases(process: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    open.filter(|fd| {
        let file = std::fs::read_link(fd.as_ref().unwrap().path());
        file.is_ok_and(|file| file.ends_with("sqlite/default.db"))
    })
    .count()
}

fn asked(shop: &str, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(shop).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// A sign-in with a password that has to be hashed to be found wrong.
fn sign_in(n: usize) -> String {
    let body = format!("{{\"email\":\"x{n}@example.com\",\"password\":\"correct horse {n}\"}}");
    format!(
        "POST /api/users/signIn HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn page() -> String {
    "GET / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n".to_owned()
}

#[test]
fn what_a_burst_took_is_given_back() {
    let data = tempfile::tempdir().unwrap();
    let (shop, redis) = (format!("127.0.0.1:{}", free_port()), free_port());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
    let arguments = ["up", "--listen", &shop, "--sandbox-listen", "127.0.0.1:0", "--manifest"];
    let mut command = boxoffice(data.path(), &arguments);
    command.arg(manifest).arg("--data").arg(data.path());
    command.env("SPIN_VARIABLE_REDIS_URL", format!("redis://127.0.0.1:{redis}"));
    let mut started = Started::new(&mut command);
    started.wait_for_line("Ctrl-C");
    wait_until("24 listings", Duration::from_secs(20), || {
        get(&shop, "/api/tickets?limit=100").1.matches("\"title\"").count() == 24
    });
    let process = started.process();
    // As it is when it has been used a little, and is quiet.
    for _ in 0..20 {
        assert_eq!(get(&shop, "/").0, 200);
    }
    std::thread::sleep(Duration::from_secs(20));
    let (before, files) = (anonymous(process), databases(process));

    let mut all: Vec<TcpStream> = (0..200).map(|n| asked(&shop, &sign_in(n))).collect();
    all.extend((0..200).map(|_| asked(&shop, &page())));
    let (mut most, mut most_files) = (0, 0);
    for stream in &mut all {
        stream.read_to_end(&mut Vec::new()).unwrap();
        most = most.max(anonymous(process));
        most_files = most_files.max(databases(process));
    }
    drop(all);

    let start = Instant::now();
    let (mut after, mut files_after) = (most, most_files);
    while after > before + WITHIN || files_after > files + KEPT {
        assert!(
            start.elapsed() < BACK,
            "kB: {before}, {most}, still {after}; descriptors: {files}, {most_files}, {files_after}"
        );
        std::thread::sleep(Duration::from_secs(1));
        (after, files_after) = (anonymous(process), databases(process));
    }
    println!(
        "kB before {before}, at most {most}, after {:?} {after}; descriptors {files}, {most_files}, \
         {files_after}",
        start.elapsed()
    );
    assert_eq!(get(&shop, "/").0, 200, "it goes on");
}
