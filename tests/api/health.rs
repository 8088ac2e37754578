//! `/healthz`, `/readyz`: what operators ask.

use std::time::{Duration, Instant};

use boxoffice_tests::database::is_on_postgres;
use boxoffice_tests::person::listing;
use boxoffice_tests::{Answer, App, check, eventually, get, id, post, row};
use serde_json::{Value, json};

const REDIS: [&str; 6] = [
    "admissions.redis",
    "auth.redis",
    "mail.redis",
    "orders.redis",
    "payments.redis",
    "tickets.redis",
];
/// What `mail` says of itself.
const MAIL: [&str; 2] = ["mail.letters", "mail.smtp"];
const MONEY: &str = "payments.money";
const TICKS: [&str; 7] = [
    "tick.admissions",
    "tick.auth",
    "tick.expiration",
    "tick.mail",
    "tick.orders",
    "tick.payments",
    "tick.tickets",
];

#[tokio::test]
async fn healthz_says_that_it_runs() {
    let app = App::start().await;
    let answer = app.client().get("/healthz").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok\n"), "{answer}");
}

#[tokio::test]
async fn readyz_names_each_dependency() {
    let app = App::start().await;
    let fine = |required: bool| json!({ "ok": true, "required": required });
    let no_tick = json!({ "ok": false, "required": false, "detail": "no tick yet" });
    let before = app.client().get("/readyz").await;
    let before = before.shows(200, json!({ "status": "degraded" })).body;
    for tick in TICKS {
        assert_eq!(before["checks"][tick], no_tick, "{before:#}");
    }
    app.tick().await;
    let after = app.client().get("/readyz").await.shows(200, json!({ "status": "ok" })).body;
    let names: Vec<&str> =
        after["checks"].as_object().unwrap().keys().map(String::as_str).collect();
    let databases = ["admissions", "auth", "mail", "orders", "payments", "tickets"]
        .map(|name| format!("{name}.database"));
    let mut due: Vec<&str> = databases
        .iter()
        .map(String::as_str)
        .chain([MONEY])
        .chain(MAIL)
        .chain(REDIS)
        .chain(TICKS)
        .collect();
    due.sort_unstable();
    assert_eq!(names, due);
    for database in &databases {
        assert_eq!(after["checks"][database], fine(true), "{after:#}");
    }
    assert_eq!(after["checks"][MONEY], fine(true), "{after:#}");
    for redis in REDIS {
        assert_eq!(after["checks"][redis], fine(false), "{after:#}");
    }
    for (check, detail) in MAIL.iter().zip(["no letter waits", "no smtp_url: nothing is mailed"]) {
        let due = json!({ "ok": true, "required": false, "detail": detail });
        assert_eq!(after["checks"][check], due, "{after:#}");
    }
    ticked(&after, 0, true);
}

/// Under https a sandbox would give tickets away: somebody has to say that this is meant.
#[tokio::test]
async fn a_shop_that_would_sell_for_nothing_is_not_ready() {
    let public = ("public_url", "https://tickets.example");
    let app = App::start_with([public]).await;
    let health = app.client().exchange(&get("/readyz")).await;
    let check = json!({ "ok": false, "required": true });
    let health = health.shows(503, json!({ "checks": { MONEY: check } })).body;
    let detail = health["checks"][MONEY]["detail"].as_str().unwrap();
    assert!(detail.contains("test payments are not allowed under https"), "{health:#}");
    let app = App::start_with([public, ("allow_test_payments", "true")]).await;
    let fine = json!({ "checks": { MONEY: { "ok": true, "required": true } } });
    app.client().get("/readyz").await.shows(200, fine);
}

#[tokio::test]
async fn workers_are_ready_as_long_as_redis_answers() {
    let mut app = App::start().await;
    let answer = app.client().get("/workers/healthz").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok\n"), "{answer}");
    app.tick().await;
    let ready = async |app: &App| app.client().exchange(&get("/workers/readyz")).await;
    let health = ready(&app).await.shows(200, json!({ "status": "ok" })).body;
    ticked(&health, 0, true);
    app.advance(61);
    let health = ready(&app).await.shows(200, json!({ "status": "degraded" })).body;
    assert_eq!(health["checks"]["redis"], json!({ "ok": true, "required": true }));
    ticked(&health, 61, false);
    app.stop_redis();
    ready(&app).await.shows(503, json!({ "status": "unavailable" }));
}

/// Asserts that all workers ticked `age` seconds ago, and whether that will do.
fn ticked(health: &Value, age: u64, ok: bool) {
    for tick in TICKS {
        let due =
            json!({ "ok": ok, "required": false, "detail": format!("last tick {age} s ago") });
        assert_eq!(health["checks"][tick], due, "{health:#}");
    }
}

#[tokio::test]
async fn readyz_says_how_old_the_last_tick_is() {
    let app = App::start().await;
    app.tick().await;
    for (pass, age, status) in [(60, 60, "ok"), (1, 61, "degraded"), (3600, 3661, "degraded")] {
        app.advance(pass);
        let health = app.client().get("/readyz").await.shows(200, json!({ "status": status })).body;
        ticked(&health, age, status == "ok");
    }
    app.tick().await;
    app.client().get("/readyz").await.shows(200, json!({ "status": "ok" }));
}

#[tokio::test]
async fn without_redis_the_shop_goes_on_and_says_so() {
    let mut app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let before = seller.list(json!({})).await.expect(201);
    app.tick().await;
    app.stop_redis();
    let health = app.client().get("/readyz").await.shows(200, json!({ "status": "degraded" })).body;
    let away = json!({ "ok": false, "required": false, "detail": "Redis does not answer, or keeps nothing" });
    for redis in REDIS {
        assert_eq!(health["checks"][redis], away, "{health:#}");
    }
    assert_eq!(health["checks"]["tick"]["ok"], false, "{health:#}");
    assert_eq!(health["checks"]["orders.database"]["ok"], true, "{health:#}");
    let rows = [
        row("browsing", get("/api/tickets"), 200).shows(json!({ "items": [{ "status": "open" }] })),
        row("who one is", get("/api/users/currentUser"), 200),
        row("listing", post("/api/tickets", listing(json!({}))), 201),
        row("health", get("/healthz"), 200),
    ];
    check(&seller, rows).await;
    let order = buyer.hold(&before).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    app.start_redis();
    app.advance(10);
    let heals = async || {
        app.host().fire_cron().await.ok();
        buyer.get(&format!("/api/orders/{}", boxoffice_tests::id(&order))).await
    };
    let complete = |answer: &Answer| answer.body["status"] == "complete";
    eventually("the order is made up for", heals, complete).await;
    let ready = async || app.client().get("/readyz").await;
    eventually("all is well again", ready, |answer: &Answer| answer.body["status"] == "ok").await;
}

/// Redis takes connections and answers nothing. Whoever asks whether the shop is ready does not wait
/// long: it must not be taken out of service for that.
#[tokio::test]
async fn a_redis_that_hangs_keeps_nobody_waiting() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let before = seller.list(json!({})).await.expect(201);
    app.tick().await;
    let mut redis = app.redis().await;
    let pause = ["PAUSE", "8000", "ALL"];
    let _: () = redis::cmd("CLIENT").arg(&pause).query_async(&mut redis).await.unwrap();
    // With the connections that there are, and with new ones.
    for _ in 0..2 {
        let start = Instant::now();
        let answer = app.client().get("/readyz").await;
        let took = start.elapsed();
        let health = answer.shows(200, json!({ "status": "degraded" })).body;
        assert!(took < Duration::from_secs(3), "after {took:?}: {health:#}");
        for redis in REDIS {
            assert_eq!(health["checks"][redis]["ok"], false, "{health:#}");
        }
    }
    buyer.hold(&before).await.expect(201);
}

#[tokio::test]
async fn a_service_without_its_database_is_unavailable() {
    let app = App::start_with([("payments_base_url", "http://127.0.0.1:9")]).await;
    let answer = app.client().exchange(&get("/readyz")).await;
    let due = json!({
        "status": "unavailable",
        "checks": { "payments": { "ok": false, "required": true, "detail": "the service does not answer" } },
    });
    answer.shows(503, due);
}

#[tokio::test]
async fn a_redis_that_is_full_is_named_and_the_shop_goes_on() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    app.tick().await;
    let mut redis = app.redis().await;
    let full = ["SET", "maxmemory", "1"];
    let () = redis::cmd("CONFIG").arg(&full).query_async(&mut redis).await.unwrap();
    let health = app.client().get("/readyz").await.shows(200, json!({ "status": "degraded" })).body;
    for redis in REDIS {
        assert_eq!(health["checks"][redis]["ok"], false, "{health:#}");
    }
    let ticket = seller.list(json!({})).await.expect(201);
    seller.get(&format!("/api/tickets/{}", id(&ticket))).await.expect(200);
}

/// As after a failover: the server that one is connected to is not the one that writes any more.
#[tokio::test]
async fn a_postgres_that_only_reads_is_named_and_worth_another_try() {
    if !is_on_postgres() {
        return;
    }
    let mut app = App::start().await;
    let seller = app.sign_up().await;
    let listed = seller.list(json!({})).await.expect(201);
    // Every service makes its tables when it is first asked.
    app.client().get("/readyz").await.expect(200);
    let read_only = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET \
                     default_transaction_read_only = on', current_database()); END $$";
    app.tamper(read_only).await;
    app.restart().await;
    let seller = seller.at(app.host().address());
    let health = app.client().exchange(&get("/readyz")).await;
    let health = health.shows(503, json!({ "status": "unavailable" })).body;
    for service in ["auth", "tickets", "orders", "payments", "admissions"] {
        let database = &health["checks"][format!("{service}.database")];
        assert_eq!(database["ok"], false, "{service}: {health:#}");
        assert!(database["detail"].as_str().unwrap().contains("takes no changes"), "{health:#}");
    }
    let refused = seller.list(json!({})).await;
    assert_eq!(refused.status, 503, "{refused}");
    assert_eq!(refused.header("retry-after"), "1");
    app.client().get(&format!("/api/tickets/{}", id(&listed))).await.expect(200);
}
