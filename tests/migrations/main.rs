//! The schema comes to be once, however many start together, and stays with its data.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use boxoffice_schema::{self as tables, Service};
use boxoffice_tests::database::{Database, OwnPostgres, Row};
use boxoffice_tests::{Answer, App, Person, START, Surroundings, eventually, get, id};
use futures::future::join_all;
use serde_json::{Value, json};

/// How many hosts start on one folder.
const HOSTS: usize = 3;
/// How many requests each of them gets at once, before anything is there: more than one instance
/// of a component takes, which is sixteen.
const FIRST_REQUESTS: usize = 40;

/// The names of the services that keep a database.
fn services() -> impl Iterator<Item = &'static str> {
    boxoffice_ops::schema::ALL.into_iter().map(|service| service.name)
}

/// Each service's migrations, as `(version, applied_at)`; none while it has no table of them.
fn applied(around: &Surroundings) -> BTreeMap<&'static str, Vec<(i64, i64)>> {
    let database = around.database();
    let tables = database.tables().unwrap();
    let of = |service: &str| {
        if !tables.contains(&format!("{service}_migrations")) {
            return Vec::new();
        }
        let sql = format!("SELECT version, applied_at FROM {service}_migrations ORDER BY version");
        let rows = database.rows(&sql, []).unwrap();
        rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect()
    };
    services().map(|service| (service, of(service))).collect()
}

/// The texts of the migrations in `folder`, such as `components/orders`, oldest first.
fn texts(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).join("migrations");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|kind| kind == "sql")).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// The versions that each service should be through: one for each text of its own and of those that
/// all have, and one for limits and for deleted accounts where it has them. The first of each kind come together.
fn written() -> BTreeMap<&'static str, Vec<i64>> {
    let common = texts("crates/schema").iter().filter(|text| !is_of_some(text)).count();
    let of = |service| {
        let folder = format!("components/{service}");
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&folder);
        let list = std::fs::read_to_string(list.join("migrations/lib.rs")).unwrap();
        let some = [" LIMITS,\n", " DELETED,\n"].iter().filter(|name| list.contains(*name)).count();
        let own = texts(&folder).len();
        (1..=i64::try_from(own + common + some - 1).unwrap()).collect()
    };
    services().map(|service| (service, of(service))).collect()
}

/// Whether a migration is that of some services: those that limit how often something is done, or that know
/// of people.
fn is_of_some(text: &str) -> bool {
    ["CREATE TABLE {s}_limits", "CREATE TABLE {s}_deleted"].iter().any(|table| text.contains(table))
}

/// The versions that each service is through.
fn versions(around: &Surroundings) -> BTreeMap<&'static str, Vec<i64>> {
    let all = applied(around).into_iter();
    let versions = |rows: Vec<(i64, i64)>| rows.into_iter().map(|(version, _)| version);
    all.map(|(service, rows)| (service, versions(rows).collect())).collect()
}

/// Every table and index, with what it is made of.
fn schema(around: &Surroundings) -> Vec<Row> {
    around.database().schema().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_start_together_migrate_once() {
    let around = Surroundings::prepare().await;
    let hosts = join_all((0..HOSTS).map(|_| around.host())).await;
    let visitors: Vec<Person> = hosts.iter().map(|host| Person::new(host.address())).collect();
    let visits = visitors.iter().flat_map(|visitor| {
        (0..FIRST_REQUESTS).map(async |n| match n % 4 {
            0 => visitor.exchange(&get("/readyz")).await,
            1 => visitor.get("/api/tickets").await,
            _ => visitor.clone().signed_up().await.list(json!({})).await,
        })
    });
    let ticks = join_all(hosts.iter().map(|host| host.fire_cron()));
    let (answers, ticks): (Vec<Answer>, _) = tokio::join!(join_all(visits), ticks);
    for answer in &answers {
        // In such a crowd, a service may be too late to call itself ready: then the answer is no
        // problem, but says what is missing.
        let not_ready = answer.status == 503 && answer.request.ends_with("/readyz");
        assert!(answer.status < 300 || not_ready, "{answer}");
    }
    for tick in ticks {
        tick.unwrap();
    }
    let versions = async || versions(&around);
    eventually("every service is through all versions", versions, |all| *all == written()).await;
    let listed = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(listed, HOSTS * FIRST_REQUESTS / 2);
    let count = "SELECT COUNT(*) FROM tickets_tickets";
    let stored: u32 = around.database().query_row(count, [], |row| row.get(0)).unwrap();
    let lost = "what was answered during the migration is there after it";
    assert_eq!(usize::try_from(stored).unwrap(), listed, "{lost}");
    if let Database::Sqlite(_) = around.database() {
        let mode = "PRAGMA journal_mode";
        let mode: String = around.database().query_row(mode, [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
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

const TICKET: &str = "01980f3c-0000-7000-8000-000000000001";
const SELLER: &str = "01980f3c-0000-7000-8000-000000000002";
const BUYER: &str = "01980f3c-0000-7000-8000-000000000003";
const ORDER: &str = "01980f3c-0000-7000-8000-000000000004";

/// Makes a database as it was after each service's first version: with a listing that `orders` has
/// heard of, and a hold whose event is still unpublished.
fn make_first_version(around: &Surroundings) {
    let database = around.database();
    let common = &texts("crates/schema")[0];
    for service in services() {
        let first = common.replace("{s}", service) + &texts(&format!("components/{service}"))[0];
        database.define(&first).unwrap();
        let noted = format!(
            "CREATE TABLE {service}_migrations \
                 (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL); \
             INSERT INTO {service}_migrations VALUES (1, 0);"
        );
        database.define(&noted).unwrap();
    }
    let now = i64::try_from(START).unwrap() * 1000;
    let until = now + 900_000;
    database
        .execute(&format!(
            "INSERT INTO tickets_tickets (id, seller_id, title, price, currency, quantity, words, \
                 created_at, version) \
             VALUES ('{TICKET}', '{SELLER}', 'Old', 4500, 'EUR', 2, 'old', {now}, 1);
             INSERT INTO orders_listings (ticket_id, seller_id, title, price, currency, quantity, \
                 withdrawn, version, held) \
             VALUES ('{TICKET}', '{SELLER}', 'Old', 4500, 'EUR', 2, 0, 1, 1);
             INSERT INTO orders_orders (id, buyer_id, ticket_id, quantity, price, amount, currency, \
                 status, title, expires_at, created_at, version) \
             VALUES ('{ORDER}', '{BUYER}', '{TICKET}', 1, 4500, 4500, 'EUR', 'created', 'Old', \
                 {until}, {now}, 1);"
        ))
        .unwrap();
    let event = |kind: &str, subject: &str, service: &str, data: Value| {
        json!({
            "specversion": "1.0", "id": format!("01980f3c-0000-7000-8000-00000000{}", &subject[32..]),
            "source": format!("/boxoffice/{service}"), "type": kind, "subject": subject,
            "time": around.time(0), "datacontenttype": "application/json", "data": data,
        })
    };
    let insert = |service: &str, event: &Value, published_at: Option<i64>| {
        let (id, kind) = (event["id"].as_str().unwrap(), event["type"].as_str().unwrap());
        let published_at = published_at.map_or("NULL".to_owned(), |at| at.to_string());
        let sql = format!(
            "INSERT INTO {service}_outbox (id, type, body, created_at, published_at) \
             VALUES ('{id}', '{kind}', '{event}', {now}, {published_at})"
        );
        database.execute(&sql).unwrap();
    };
    let listed = json!({
        "id": TICKET, "version": 1, "sellerId": SELLER, "title": "Old", "price": 4500,
        "currency": "EUR", "quantity": 2, "withdrawn": false, "venue": null, "city": null,
        "startsAt": null, "timeZone": null,
    });
    insert("tickets", &event("ticket:created", TICKET, "tickets", listed), Some(now));
    let held = json!({
        "id": ORDER, "version": 1, "status": "created", "buyerId": BUYER, "ticketId": TICKET,
        "quantity": 1, "amount": 4500, "currency": "EUR", "expiresAt": around.time(900),
        "paymentId": null,
    });
    insert("orders", &event("order:created", ORDER, "orders", held), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_first_version_comes_up_with_what_it_holds() {
    let around = Surroundings::prepare().await;
    make_first_version(&around);
    around.advance(Duration::from_secs(3));
    let mut app = App::start_in(around).await;
    app.tick().await;
    let buyer = app.sign_up().await;
    assert_eq!(versions(&app), written());
    let ticket = json!({ "id": TICKET });
    let visitor = app.client();
    // What was unpublished is published: tickets hears of the hold, and expiration of its end.
    visitor.sees_ticket(&ticket, json!({ "title": "Old", "available": 1 })).await;
    let rows = |sql: &str| -> i64 { app.database().query_row(sql, [], |row| row.get(0)).unwrap() };
    let timers = async || rows("SELECT COUNT(*) FROM expiration_timers WHERE running = 1");
    eventually("the hold has its timer", timers, |count| *count == 1).await;
    assert_eq!(rows("SELECT COUNT(*) FROM tickets_outbox"), 0, "what was published is done with");
    let known = "SELECT COUNT(*) FROM orders_outbox WHERE published_at IS NULL OR entry_ms IS NULL";
    assert_eq!(rows(known), 0, "what is published has its entry");
    let order = buyer.hold(&ticket).await.expect(201);
    assert_eq!(order["sellerId"], SELLER);
    let sellers = format!("SELECT COUNT(*) FROM orders_orders WHERE seller_id = '{SELLER}'");
    assert_eq!(rows(&sellers), 2, "an old order has its listing's seller");
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    app.advance(900);
    app.tick().await;
    visitor.sees_ticket(&ticket, json!({ "available": 1 })).await;
    let ended = async || rows("SELECT COUNT(*) FROM orders_orders WHERE cancel_reason = 'expired'");
    eventually("the old hold ends", ended, |count| *count == 1).await;
    let before = schema(&app);
    app.restart().await;
    app.tick().await;
    assert_eq!((versions(&app), schema(&app)), (written(), before), "nothing is applied twice");
}

/// How many versions `payments` had before fans could sell tickets on.
const BEFORE_RESALE: usize = 6;

/// The tables of `payments` as a service that knows only its first `versions` makes them.
fn payments_of(versions: usize) -> Service {
    let all = boxoffice_ops::schema::ALL;
    let payments = all.into_iter().find(|service| service.name == "payments").unwrap();
    let Service { name, db_url, migrations } = *payments;
    Service { name, db_url, migrations: &migrations[..versions] }
}

/// A payment that was captured before there were fees.
const PAYMENT: &str = "01980f3c-0000-7000-8000-000000000005";

/// Books half of a movement, as versions before and after the fee do.
fn entry(id: &str, movement: &str, account: &str, amount: i64) -> String {
    format!(
        "INSERT INTO payments_ledger \
         (id, payment_id, movement, account, owner_id, amount, currency, at) \
         VALUES ('{id}', '{PAYMENT}', '{movement}', '{account}', '{SELLER}', {amount}, 'EUR', 7) \
         ON CONFLICT (payment_id, movement, account) DO NOTHING"
    )
}

/// The ledger is copied into a new table: no entry may change on the way, and a program of the version
/// before must be able to go on writing.
#[test]
fn a_ledger_from_before_fees_keeps_its_entries_and_takes_fees() {
    let postgres = OwnPostgres::create();
    let folder = tempfile::tempdir().unwrap();
    let database = match &postgres {
        Some(own) => Database::Postgres(own.url()),
        None => Database::Sqlite(folder.path().join("shop.db")),
    };
    let upgrade = |service: &Service, from| {
        let all = tables::upgrade(service, from, 7);
        database.define(&format!("BEGIN;\n{};\nCOMMIT;", all.join(";\n"))).unwrap();
    };
    let old = payments_of(BEFORE_RESALE);
    database.define(&tables::versions_table(&old)).unwrap();
    upgrade(&old, 0);
    let pay = |id: &str, order: &str| {
        let sql = format!(
            "INSERT INTO payments_payments (id, order_id, buyer_id, amount, currency, token, \
             status, intent_id, try_again_at, created_at, version, seller_id, ticket_id, title, \
             quantity) VALUES ('{id}', '{order}', '{BUYER}', 4500, 'EUR', 'pm_card_visa', \
             'captured', '{id}', 7, 7, 3, '{SELLER}', '{TICKET}', 'Old', 1)"
        );
        assert_eq!(database.execute(&sql).unwrap(), 1);
    };
    pay(PAYMENT, ORDER);
    let book = |id, movement, account, amount| {
        database.execute(&entry(id, movement, account, amount)).map_err(|error| error.0)
    };
    for (id, movement, account, amount) in [
        ("1", "charge", "buyers", -4500),
        ("2", "charge", "provider", 4500),
        ("3", "sale", "sellers", -4500),
    ] {
        assert_eq!(book(id, movement, account, amount), Ok(1));
    }
    assert!(book("4", "fee", "shop", -225).is_err(), "there was no fee");
    let ledger = "SELECT id, payment_id, movement, account, owner_id, amount, currency, at \
                  FROM payments_ledger ORDER BY id";
    let before = database.rows(ledger, []).unwrap();
    assert_eq!(before.len(), 3);

    let new = payments_of(BEFORE_RESALE + 1);
    upgrade(&new, i64::try_from(BEFORE_RESALE).unwrap());
    assert_eq!(database.rows(ledger, []).unwrap(), before, "the copy is the ledger");
    let fees = "SELECT fee, resale_of, undone_at FROM payments_payments";
    let read = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let of_old: (i64, Option<String>, Option<i64>) = database.query_row(fees, [], read).unwrap();
    assert_eq!(of_old, (0, None, None));
    // As a program of the version before writes.
    pay("01980f3c-0000-7000-8000-000000000006", TICKET);
    assert_eq!(book("5", "sale", "buyers", 4500), Ok(1));
    assert_eq!(book("6", "sale", "buyers", 4500), Ok(0), "a movement is booked once");
    assert_eq!(book("7", "fee", "shop", -225), Ok(1));
    assert_eq!(book("8", "fee_return", "shop", 225), Ok(1));
    assert!(book("9", "tip", "shop", 1).is_err(), "nobody gives tips");
    assert!(book("9", "refund", "strangers", 1).is_err(), "strangers have no account");
    let has_index = |row: &Row| row.get::<String>(0).unwrap() == "payments_ledger_of_seller";
    assert!(database.schema().unwrap().iter().any(has_index), "statements need their index");
    let is_old = |name: &String| name.starts_with("payments_ledger_");
    assert_eq!(database.tables().unwrap().into_iter().find(is_old), None, "the old one is gone");
}
