//! Start-up problems, the cache of compiled components, shutting down.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{App, free_port, wasm};

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let redis = free_port();
    let app = App::new()
        .text("[variables.key]\nrequired = true\n[variables.url]\nrequired = true")
        .text("[[trigger.http]]\nroute = \"/...\"\ncomponent = \"absent\"\nexecuter = 1")
        .text("[[trigger.http]]\nroute = \"/b\"\ncomponent = \"ghost\"")
        .channel("c", "absent")
        .text("[component.absent]\nsource = \"absent.wasm\"\nvariables = { a = \"{{ url }}\" }");
    let folder = tempfile::tempdir().unwrap();
    let started = app
        .try_start(&folder, |options| {
            options.listen = taken.local_addr().unwrap();
            options.variables.insert("redis".into(), format!("redis://127.0.0.1:{redis}"));
        })
        .await;
    let problems = started.unwrap_err().problems;
    let told: Vec<String> =
        problems.iter().map(|p| format!("{} => {}", p.what, p.remedy)).collect();
    for (what, remedy) in [
        ("spin.toml:15:1: unknown key `trigger.http.executer`", "remove it"),
        ("there is no component `ghost`", "[component.ghost]"),
        ("absent.wasm is missing", "cargo xtask build"),
        ("variable `key` has no value", "SPIN_VARIABLE_KEY"),
        ("variable `url` has no value", "SPIN_VARIABLE_URL"),
        ("cannot listen at", "--listen"),
        (&*format!("Redis does not answer at 127.0.0.1:{redis}"), "SPIN_VARIABLE_REDIS"),
    ] {
        let found = told.iter().any(|text| text.contains(what) && text.contains(remedy));
        assert!(found, "{what} => {remedy} in {told:#?}");
    }
    assert_eq!(told.len(), 7, "{told:#?}");
}

fn entries(cache: &Path) -> Vec<(String, std::time::SystemTime)> {
    let mut entries: Vec<_> = std::fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "cwasm"))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, entry.metadata().unwrap().modified().unwrap())
        })
        .collect();
    entries.sort();
    entries
}

#[tokio::test]
async fn what_was_compiled_once_is_only_mapped() {
    wasm();
    let cache = tempfile::tempdir().unwrap();
    let app = || App::new().guest("one", "", "false").guest("two", "", "false");
    let start = Instant::now();
    let first = app().start_with(|options| options.cache = cache.path().into()).await;
    let cold = start.elapsed();
    let made = entries(cache.path());
    // Components of the same inputs share one artifact.
    assert_eq!(made.len(), 1, "{made:?}");
    let start = Instant::now();
    let second = app().start_with(|options| options.cache = cache.path().into()).await;
    let warm = start.elapsed();
    assert_eq!(entries(cache.path()), made);
    assert!(warm < cold / 3, "cold {cold:?}, warm {warm:?}");
    println!("cold start {cold:?}, warm start {warm:?}");
    for app in [first, second] {
        assert_eq!(app.get("/two/served", Value::Null).await, 1);
    }
    // What a dependency inherits is an input as well.
    let other = App::new().guest("one", "", "true");
    let other = other.start_with(|options| options.cache = cache.path().into()).await;
    assert_eq!(entries(cache.path()).len(), 2);
    drop(other);
}

#[tokio::test]
async fn shutting_down_lets_requests_finish() {
    let app = App::new().guest("guest", "", "false").start().await;
    let address = app.host.address();
    let url = app.url("/guest/sleep");
    let (client, host) = (app.client, app.host);
    let request = tokio::spawn(async move { client.post(url).body("300").send().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    host.shutdown(Duration::from_secs(5)).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    // The address is free for the next one.
    let next = App::new().guest("guest", "", "false");
    let next = next.start_with(|options| options.listen = address).await;
    assert_eq!(next.get("/guest/served", Value::Null).await, 1);
}

#[tokio::test]
async fn shutting_down_waits_no_longer_than_its_grace() {
    let app = App::new().guest("guest", "", "false").start().await;
    let url = app.url("/guest/sleep");
    let (client, host) = (app.client, app.host);
    let request = tokio::spawn(async move { client.post(url).body("20000").send().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    host.shutdown(Duration::from_millis(200)).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(request.await.unwrap().is_err());
}

#[tokio::test]
async fn several_hosts_run_beside_each_other() {
    let first = App::new().guest("guest", "", "false").start().await;
    let second = App::new().guest("guest", "", "false").start().await;
    first.host.shutdown(Duration::from_secs(1)).await;
    assert_eq!(second.get("/guest/memory", json!(1)).await, 1 << 20);
}
