//! The schema comes to be once, however many start together, and stays with its data.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use boxoffice_tests::{Answer, App, Person, Surroundings, eventually, id};
use futures::future::join_all;
use serde_json::json;

const SERVICES: [&str; 5] = ["auth", "tickets", "orders", "payments", "expiration"];
/// How many hosts start on one folder.
const HOSTS: usize = 3;
/// How many requests each of them gets at once, before anything is there: more than one instance
/// of a component takes, which is sixteen.
const FIRST_REQUESTS: usize = 40;

/// Each service's migrations, as `(version, applied_at)`; none while it has no table of them.
fn applied(around: &Surroundings) -> BTreeMap<&'static str, Vec<(i64, i64)>> {
    let database = around.database();
    let of = |service: &str| {
        let sql = format!("SELECT version, applied_at FROM {service}_migrations ORDER BY version");
        let mut statement = match database.prepare(&sql) {
            Ok(statement) => statement,
            Err(error) if error.to_string().contains("no such table") => return Vec::new(),
            Err(error) => panic!("{service}: {error}"),
        };
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    SERVICES.into_iter().map(|service| (service, of(service))).collect()
}

/// The versions that each service should be through: one for each file in its folder.
fn written() -> BTreeMap<&'static str, Vec<i64>> {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../components");
    let of = |service: &str| {
        let folder = std::fs::read_dir(components.join(service).join("migrations")).unwrap();
        (1..=i64::try_from(folder.count()).unwrap()).collect()
    };
    SERVICES.into_iter().map(|service| (service, of(service))).collect()
}

/// Every table and index, with the statement that made it.
fn schema(around: &Surroundings) -> Vec<(String, Option<String>)> {
    let database = around.database();
    let mut statement =
        database.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_start_together_migrate_once() {
    let around = Surroundings::prepare().await;
    let hosts = join_all((0..HOSTS).map(|_| around.host())).await;
    let visitors: Vec<Person> = hosts.iter().map(|host| Person::new(host.address())).collect();
    let visits = visitors.iter().flat_map(|visitor| {
        (0..FIRST_REQUESTS).map(async |n| match n % 4 {
            0 => visitor.get("/readyz").await,
            1 => visitor.get("/api/tickets").await,
            _ => visitor.clone().signed_up().await.list(json!({})).await,
        })
    });
    let ticks = join_all(hosts.iter().map(|host| host.fire_cron()));
    let (answers, ticks): (Vec<Answer>, _) = tokio::join!(join_all(visits), ticks);
    for answer in &answers {
        assert!(answer.status < 300, "{answer}");
    }
    for tick in ticks {
        tick.unwrap();
    }
    let versions = async || -> BTreeMap<_, Vec<i64>> {
        let all = applied(&around).into_iter();
        let versions = |rows: Vec<(i64, i64)>| rows.into_iter().map(|(version, _)| version);
        all.map(|(service, rows)| (service, versions(rows).collect())).collect()
    };
    eventually("every service is through all versions", versions, |all| *all == written()).await;
    let listed = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(listed, HOSTS * FIRST_REQUESTS / 2);
    let count = "SELECT COUNT(*) FROM tickets_tickets";
    let stored: u32 = around.database().query_row(count, [], |row| row.get(0)).unwrap();
    let lost = "what was answered during the migration is there after it";
    assert_eq!(usize::try_from(stored).unwrap(), listed, "{lost}");
    let mode = "PRAGMA journal_mode";
    let mode: String = around.database().query_row(mode, [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    for host in hosts {
        host.shutdown(Duration::from_secs(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_everything_as_it_was() {
    let mut app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "title": "Kept", "quantity": 2 })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    let order = buyer.sees_order(&order, json!({ "status": "complete" })).await;
    app.tick().await;
    let ticket = seller.sees_ticket(&ticket, json!({ "available": 1 })).await;
    let before = (applied(&app), schema(&app));
    app.advance(60);
    app.restart().await;
    app.tick().await;
    // Signed in before, signed in still.
    let buyer = buyer.at(app.host().address());
    assert_eq!(buyer.get(&format!("/api/orders/{}", id(&order))).await.expect(200), order);
    assert_eq!(buyer.get(&format!("/api/tickets/{}", id(&ticket))).await.expect(200), ticket);
    buyer.hold(&ticket).await.expect(201);
    assert_eq!((applied(&app), schema(&app)), before, "nothing is applied twice");
}
