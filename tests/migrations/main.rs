//! The schema comes to be once, however many start together.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use boxoffice_tests::{App, Person, Surroundings};
use futures::future::join_all;
use serde_json::json;

const SERVICES: [&str; 5] = ["auth", "tickets", "orders", "payments", "expiration"];

/// Each service's migrations, as `(version, applied_at)`.
fn applied(around: &Surroundings) -> BTreeMap<&'static str, Vec<(i64, i64)>> {
    let database = around.database();
    let of = |service: &str| {
        let sql = format!("SELECT version, applied_at FROM {service}_migrations ORDER BY version");
        let mut statement = database.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    SERVICES.into_iter().map(|service| (service, of(service))).collect()
}

/// How many migrations each service has: the files in its folder.
fn written(service: &str) -> usize {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../components");
    std::fs::read_dir(root.join(service).join("migrations")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_start_together_migrate_once() {
    let around = Surroundings::prepare().await;
    let hosts = join_all((0..3).map(|_| around.host())).await;
    // First requests to every service of every host, more at once than one instance takes.
    let visitors: Vec<Person> = hosts.iter().map(|host| Person::new(host.address())).collect();
    let requests = visitors.iter().flat_map(|visitor| (0..40).map(move |_| visitor.get("/readyz")));
    for answer in join_all(requests).await {
        answer.shows(200, json!({}));
    }
    // Workers start when something happens.
    for host in &hosts {
        host.fire_cron().await.unwrap();
    }
    let all_there = async || {
        let database = around.database();
        let sql = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'expiration_timers'";
        database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    boxoffice_tests::eventually("expiration has its tables", all_there, |count| *count == 1).await;
    for (service, versions) in applied(&around) {
        let versions: Vec<i64> = versions.into_iter().map(|(version, _)| version).collect();
        let expected: Vec<i64> = (1..=i64::try_from(written(service)).unwrap()).collect();
        assert_eq!(versions, expected, "{service}");
    }
    let mode: String =
        around.database().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    for host in hosts {
        host.shutdown(std::time::Duration::from_secs(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_everything_as_it_was() {
    let mut app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({ "title": "Kept" })).await.expect(201);
    app.tick().await;
    let before = applied(&app);
    app.advance(60);
    app.restart().await;
    app.tick().await;
    let path = format!("/api/tickets/{}", ticket["id"].as_str().unwrap());
    app.client().get(&path).await.shows(200, json!({ "title": "Kept" }));
    assert_eq!(applied(&app), before, "nothing is applied twice");
}
