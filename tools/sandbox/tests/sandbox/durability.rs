//! Restarting on the same ledger, in order or not.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};

use boxoffice_sandbox::{Options, Sandbox};

use crate::bench::{Api, Bench, HOLD};

const PATH: &str = "/v1/payment_intents";
/// Tells the test binary, started by itself, which ledger to serve.
const LEDGER: &str = "SANDBOX_TEST_LEDGER";

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let bench = Bench::new();
    let (sandbox, api) = bench.start().await;
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa&metadata[order]=1");
    let held = api.keyed("create", PATH, &body).await.ok();
    sandbox.shutdown().await;
    assert!(api.http.get(&api.base).send().await.is_err(), "it has stopped");

    let (sandbox, api) = bench.start().await;
    let read = api.get(&format!("{PATH}/{}", held.at("/id"))).await.ok();
    assert_eq!(read.text, held.text);
    let again = api.keyed("create", PATH, &body).await.ok();
    assert_eq!(
        (again.text.as_str(), again.header("idempotent-replayed")),
        (held.text.as_str(), Some("true"))
    );
    api.post(&format!("{PATH}/{}/capture", held.at("/id")), "").await.ok();
    sandbox.shutdown().await;

    let (_sandbox, api) = bench.start().await;
    assert_eq!(api.movements(&held.at("/id")).await, ["authorize 4900", "capture 4900"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_nothing_that_was_answered() {
    let bench = Bench::new();
    let mut answered: Vec<(String, String)> = Vec::new();
    for round in 0..3 {
        let (mut child, base) = spawn(bench.ledger());
        let api = Api::new(&base);
        let killer = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(250)).await;
            child.kill().unwrap();
            child.wait().unwrap();
        });
        // As many payments as there is time for; the one that the kill interrupts has no answer.
        for number in 0.. {
            let (key, body) = call(round, number);
            let sent = api
                .http
                .post(format!("{base}{PATH}"))
                .bearer_auth("sk_test_1")
                .header("idempotency-key", &key)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body)
                .send()
                .await;
            let Ok(response) = sent else { break };
            assert_eq!(response.status(), 200);
            let Ok(text) = response.text().await else { break };
            answered.push((key, text));
        }
        killer.await.unwrap();
    }
    assert!(answered.len() > 3, "only {} calls were answered", answered.len());

    let (_sandbox, api) = bench.start().await;
    for (key, text) in &answered {
        let mut parts = key.split('-').skip(1).map(|part| part.parse().unwrap());
        let (_, body) = call(parts.next().unwrap(), parts.next().unwrap());
        let again = api.keyed(key, PATH, &body).await.ok();
        assert_eq!(again.text, *text, "{key} is replayed");
        assert_eq!(api.movements(&again.at("/id")).await, ["authorize 4900"], "{key}");
    }
}

/// The key and the body of a call.
fn call(round: u32, number: u32) -> (String, String) {
    let body =
        format!("amount=4900&{HOLD}&payment_method=pm_card_visa&metadata[n]={round}-{number}");
    (format!("key-{round}-{number}"), body)
}

/// A sandbox in a process of its own, and where it listens.
fn spawn(ledger: PathBuf) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::serve_until_killed", "--ignored", "--nocapture"])
        .env(LEDGER, ledger)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let base = lines
        .map(Result::unwrap)
        .find_map(|line| line.split_once("listening at ").map(|(_, base)| base.to_owned()))
        .expect("the child says where it listens");
    (child, base)
}

#[tokio::test]
#[ignore = "the other process of a_kill_loses_nothing_that_was_answered"]
async fn serve_until_killed() {
    let Some(ledger) = std::env::var_os(LEDGER) else { return };
    let sandbox = Sandbox::start(Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        ledger: ledger.into(),
        api_key: None,
        now: Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(crate::bench::START)),
    })
    .await
    .unwrap();
    println!("listening at http://{}", sandbox.address());
    // Should its parent die, it must not stay.
    tokio::time::sleep(Duration::from_secs(60)).await;
}
