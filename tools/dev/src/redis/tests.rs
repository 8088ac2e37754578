#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::net::TcpListener;

use super::*;

fn place(url: &str) -> Place {
    Place::parse(url).unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn urls_are_taken_apart() {
    let plain = place("redis://127.0.0.1:6379");
    assert_eq!((plain.host.as_str(), plain.port), ("127.0.0.1", 6379));
    assert_eq!((plain.user, plain.password, plain.database), (None, None, 0));

    let full = place("redis://ann:s%20cret@example.com:7000/3");
    assert_eq!((full.host.as_str(), full.port), ("example.com", 7000));
    assert_eq!(full.user.as_deref(), Some("ann"));
    assert_eq!(full.password.as_deref(), Some("s cret"));
    assert_eq!(full.database, 3);

    assert_eq!(place("redis://localhost").port, 6379);
}

#[test]
fn only_this_machines_addresses_are_ours_to_bind() {
    assert_eq!(place("redis://127.0.0.1").loopback().as_deref(), Some("127.0.0.1"));
    assert_eq!(place("redis://127.0.0.9").loopback().as_deref(), Some("127.0.0.9"));
    assert_eq!(place("redis://[::1]:7000").loopback().as_deref(), Some("::1"));
    assert_eq!(place("redis://localhost").loopback().as_deref(), Some("127.0.0.1 -::1"));
    assert_eq!(place("redis://10.0.0.1").loopback(), None);
    assert_eq!(place("redis://redis.example.com").loopback(), None);
}

#[test]
fn a_useless_url_is_a_problem_that_does_not_repeat_it() {
    for url in ["http://:hush@127.0.0.1", "hush", "unix:///hush", "redis://:hush@h:port"] {
        let problem = Place::parse(url).unwrap_err();
        assert!(problem.what.contains("redis_url"), "{url}: {problem}");
        assert!(!problem.to_string().contains("hush"), "{url}: {problem}");
    }
}

#[test]
fn versions_before_6_2_are_too_old() {
    for (version, too_old) in
        [("5.0.14", true), ("6.0.16", true), ("6.2.0", false), ("7.0.15", false), ("10.0", false)]
    {
        assert_eq!(is_too_old(version), too_old, "{version}");
    }
    assert_eq!(version_in("# Server\r\nredis_version:7.0.15\r\nos:x"), "7.0.15");
    assert!(!is_too_old(version_in("")));
}

#[test]
fn a_remote_redis_that_does_not_answer_is_not_replaced_by_ours() {
    let data = tempfile::tempdir().unwrap();
    let problem = find_or_start("redis://redis.invalid:6379", data.path()).unwrap_err();
    assert!(problem.what.contains("redis.invalid:6379"), "{problem}");
    assert!(problem.remedy.contains("redis_url"), "{problem}");
    assert!(!data.path().join("redis").exists());
}

#[test]
fn something_else_on_the_port_is_a_problem() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in other.incoming() {
            let _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let data = tempfile::tempdir().unwrap();
    let problem = find_or_start(&format!("redis://127.0.0.1:{port}"), data.path()).unwrap_err();
    assert!(problem.what.contains(&port.to_string()), "{problem}");
}

#[test]
fn our_own_server_keeps_what_it_was_told_and_is_found_by_others() {
    let data = tempfile::tempdir().unwrap();
    let url = format!("redis://:p%22w%5C@127.0.0.1:{}/20", free_port());

    let ours = find_or_start(&url, data.path()).unwrap();
    assert!(ours.is_ours());
    assert!(!ours.to_string().contains("p\"w"), "{ours}");
    let mut connection = Client::open(url.as_str()).unwrap().get_connection().unwrap();
    redis::cmd("XADD").arg("s").arg("*").arg("k").arg("v").exec(&mut connection).unwrap();

    let found = find_or_start(&url, data.path()).unwrap();
    assert!(!found.is_ours(), "the second host uses the first one's server");
    found.stop(Duration::from_secs(2));

    ours.stop(Duration::from_secs(2));
    assert!(matches!(place(&url).answer(), Answer::Nothing(_)));

    let again = find_or_start(&url, data.path()).unwrap();
    let mut connection = Client::open(url.as_str()).unwrap().get_connection().unwrap();
    let length: u64 = redis::cmd("XLEN").arg("s").query(&mut connection).unwrap();
    assert_eq!(length, 1, "the append-only file was read");
    drop(again);
    assert!(matches!(place(&url).answer(), Answer::Nothing(_)), "dropping it stops it");
}

#[test]
fn one_folder_never_has_two_servers() {
    let data = tempfile::tempdir().unwrap();
    let first = find_or_start(&format!("redis://127.0.0.1:{}", free_port()), data.path()).unwrap();
    let other = format!("redis://127.0.0.1:{}", free_port());
    let problem = find_or_start(&other, data.path()).unwrap_err();
    assert!(problem.what.contains("another copy"), "{problem}");
    drop(first);
}
