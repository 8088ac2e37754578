//! What the ledger file itself refuses, whoever writes to it; and calls that race.

use boxoffice_sandbox::Sandbox;
use futures::future::{join, join_all};
use rusqlite::Connection;

use crate::bench::{Bench, HOLD};

#[tokio::test]
async fn movements_must_balance_and_stay() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa");
    let id = api.post("/v1/payment_intents", &body).await.ok().at("/id");
    api.post(&format!("/v1/payment_intents/{id}/capture"), "amount_to_capture=4000").await.ok();
    api.post("/v1/refunds", &format!("payment_intent={id}&amount=3000")).await.ok();

    let db = Connection::open(bench.ledger()).unwrap();
    let insert = |kind: &str, amount: i64| {
        db.execute(
            "INSERT INTO movements (intent, kind, amount, currency, created) VALUES (?1, ?2, ?3, 'usd', 0)",
            rusqlite::params![id, kind, amount],
        )
    };
    for (kind, amount) in [
        ("authorize", 1),
        ("capture", 1),
        ("void", 1),
        ("refund", 1001),
        ("refund", 0),
        ("gift", 1),
    ] {
        assert!(insert(kind, amount).is_err(), "{kind} {amount}");
    }
    for sql in ["UPDATE movements SET amount = 1", "DELETE FROM movements"] {
        let refusal = db.execute(sql, []).unwrap_err().to_string();
        assert!(refusal.contains("append-only"), "{refusal}");
    }
    for sql in [
        "UPDATE charges SET body = json_set(body, '$.amount_refunded', 4001)",
        "UPDATE charges SET body = json_set(body, '$.amount_captured', 4901)",
        "UPDATE payment_intents SET body = json_set(body, '$.amount_received', 4901)",
    ] {
        assert!(db.execute(sql, []).is_err(), "{sql}");
    }
    assert_eq!(insert("refund", 1000).unwrap(), 1, "what is left can be refunded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn capture_and_cancel_race_and_one_wins() {
    let bench = Bench::new();
    let (_one, one) = bench.start().await;
    let (_two, two) = bench.start().await;
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa");
    for _ in 0..10 {
        let id = one.post("/v1/payment_intents", &body).await.ok().at("/id");
        let (capture, cancel) = (
            format!("/v1/payment_intents/{id}/capture"),
            format!("/v1/payment_intents/{id}/cancel"),
        );
        let (captured, cancelled) = join(one.post(&capture, ""), two.post(&cancel, "")).await;
        let mut statuses = [captured.status, cancelled.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{} {}", captured.text, cancelled.text);
        let last = if captured.status == 200 { "capture 4900" } else { "void 4900" };
        assert_eq!(one.movements(&id).await, ["authorize 4900", last]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refunds_race_and_never_exceed_the_capture() {
    let bench = Bench::new();
    let (_one, one) = bench.start().await;
    let (_two, two) = bench.start().await;
    let paid = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa\
                &payment_method_types[]=card";
    let id = one.post("/v1/payment_intents", paid).await.ok().at("/id");
    let body = format!("payment_intent={id}&amount=300");
    let calls = (0..20).map(|n| if n % 2 == 0 { &one } else { &two }.post("/v1/refunds", &body));
    let replies = join_all(calls).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 3);
    assert!(replies.iter().all(|reply| [200, 400].contains(&reply.status)));
    assert_eq!(one.movements(&id).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_ledger_may_be_opened_by_many_at_once() {
    let bench = Bench::new();
    let starts = (0..6).map(|_| Sandbox::start(bench.options(None)));
    for started in join_all(starts).await {
        started.unwrap().shutdown().await;
    }
}

#[tokio::test]
async fn what_prevents_a_start_is_said() {
    let bench = Bench::new();
    let (sandbox, _api) = bench.start().await;
    let mut taken = bench.options(None);
    taken.listen = sandbox.address();
    let error = format!("{:#}", Sandbox::start(taken).await.unwrap_err());
    assert!(error.contains("cannot listen") && error.contains("another address"), "{error}");
    sandbox.shutdown().await;

    let db = Connection::open(bench.ledger()).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let error = format!("{:#}", Sandbox::start(bench.options(None)).await.unwrap_err());
    assert!(error.contains("version 99") && error.contains("newer build"), "{error}");

    std::fs::write(bench.ledger(), "this is no database, and long enough to see that it is not")
        .unwrap();
    let error = format!("{:#}", Sandbox::start(bench.options(None)).await.unwrap_err());
    assert!(error.contains("ledger.db"), "{error}");
}
