//! Idempotency keys.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;

use crate::bench::{Bench, HOLD};

const PATH: &str = "/v1/payment_intents";

#[tokio::test]
async fn the_first_answer_is_given_again() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let first = api.keyed("k1", PATH, "amount=4900&currency=usd&metadata[a]=b").await.ok();
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(first.header("idempotency-key"), Some("k1"));
    assert_eq!(first.header("original-request"), first.header("request-id"));

    // The order of parameters and the spelling of brackets make no difference.
    for body in
        ["amount=4900&currency=usd&metadata[a]=b", "metadata%5Ba%5D=b&currency=usd&amount=4900"]
    {
        let again = api.keyed("k1", PATH, body).await.ok();
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.header("original-request"), first.header("request-id"));
        assert_ne!(again.header("request-id"), first.header("request-id"));
    }
    // A replay tells of then, not of now.
    api.post(&format!("{PATH}/{}/cancel", first.at("/id")), "").await.ok();
    let again = api.keyed("k1", PATH, "amount=4900&currency=usd&metadata[a]=b").await.ok();
    assert_eq!(again.at("/status"), "requires_payment_method");
    assert_eq!(api.get(PATH).await.ok().json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_is_for_one_call_only() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let first = api.keyed("k1", PATH, "amount=4900&currency=usd").await.ok();
    let confirm = format!("{PATH}/{}/confirm", first.at("/id"));
    for (path, body) in [
        (PATH, "amount=5900&currency=usd"),
        (PATH, "amount=4900&currency=usd&description=x"),
        (confirm.as_str(), "payment_method=pm_card_visa"),
    ] {
        let other = api.keyed("k1", path, body).await;
        assert_eq!(other.status, 400, "{path} {body}");
        assert_eq!(other.at("/error/type"), "idempotency_error");
        assert!(other.json()["error"].get("code").is_none());
        assert_eq!(other.header("idempotent-replayed"), None);
    }
    let intents = api.get(PATH).await.ok().json();
    assert_eq!(intents["data"].as_array().unwrap().len(), 1);
    assert_eq!(intents["data"][0]["status"], "requires_payment_method");
}

#[tokio::test]
async fn declines_and_state_errors_are_remembered_validation_is_not() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_chargeDeclined");
    let declined = api.keyed("declined", PATH, &body).await;
    let again = api.keyed("declined", PATH, &body).await;
    assert_eq!((declined.status, again.status), (402, 402));
    assert_eq!(declined.text, again.text);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));

    let id = declined.at("/error/payment_intent/id");
    let capture = format!("{PATH}/{id}/capture");
    let refused = api.keyed("capture", &capture, "").await;
    assert_eq!(refused.status, 400);
    api.post(&format!("{PATH}/{id}/confirm"), "payment_method=pm_card_visa").await.ok();
    let again = api.keyed("capture", &capture, "").await;
    assert_eq!((again.status, again.text), (400, refused.text), "what was answered stays answered");
    api.keyed("capture-2", &capture, "").await.ok();

    let invalid = api.keyed("invalid", PATH, "amount=4900").await;
    assert_eq!(invalid.at("/error/code"), "parameter_missing");
    api.keyed("invalid", PATH, "amount=4900&currency=usd").await.ok();
}

#[tokio::test]
async fn every_change_can_be_repeated_safely() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa");
    let id = api.keyed("create", PATH, &body).await.ok().at("/id");
    for (key, path, body) in [
        ("capture", format!("{PATH}/{id}/capture"), "amount_to_capture=4000"),
        ("refund", "/v1/refunds".to_owned(), "payment_intent={id}&amount=1000"),
        ("method", "/v1/payment_methods".to_owned(), "type=card&card[token]=tok_visa"),
        ("update", format!("{PATH}/{id}"), "metadata[a]=b"),
    ] {
        let body = body.replace("{id}", &id);
        let first = api.keyed(key, &path, &body).await.ok();
        let again = api.keyed(key, &path, &body).await.ok();
        assert_eq!(first.text, again.text, "{key}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{key}");
    }
    let expected = ["authorize 4900", "capture 4000", "void 900", "refund 1000"];
    assert_eq!(api.movements(&id).await, expected);
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let body = "amount=4900&currency=usd";
    let first = api.keyed("k1", PATH, body).await.ok().at("/id");
    bench.advance(Duration::from_secs(24 * 3600 - 1));
    assert_eq!(api.keyed("k1", PATH, body).await.ok().at("/id"), first);
    bench.advance(Duration::from_secs(1));
    let next = api.keyed("k1", PATH, body).await.ok();
    assert_ne!(next.at("/id"), first);
    assert_eq!(api.keyed("k1", PATH, body).await.ok().at("/id"), next.at("/id"));
}

#[tokio::test]
async fn keys_have_a_length_and_mean_nothing_on_a_get() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let body = "amount=4900&currency=usd";
    assert_eq!(api.keyed(&"k".repeat(255), PATH, body).await.status, 200);
    assert_eq!(api.keyed(&"k".repeat(256), PATH, body).await.status, 400);
    let headers = [("authorization", "Bearer sk_test_1"), ("idempotency-key", "get")];
    let before = api.send(Method::GET, PATH, "", &headers).await.ok();
    api.post(PATH, body).await.ok();
    let after = api.send(Method::GET, PATH, "", &headers).await.ok();
    assert_ne!(before.text, after.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_make_one_intent() {
    let bench = Bench::new();
    // Two servers on one ledger, as two processes would be.
    let (_one, one) = bench.start().await;
    let (_two, two) = bench.start().await;
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa");
    let calls = (0..20).map(|n| if n % 2 == 0 { &one } else { &two }.keyed("same", PATH, &body));
    let replies = join_all(calls).await;

    let (executed, conflicts): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status == 200);
    assert!(!executed.is_empty());
    assert!(executed.iter().all(|reply| reply.text == executed[0].text));
    let fresh = executed.iter().filter(|reply| reply.header("idempotent-replayed").is_none());
    assert_eq!(fresh.count(), 1);
    for conflict in conflicts {
        assert_eq!(conflict.status, 409, "{}", conflict.text);
        assert_eq!(conflict.at("/error/code"), "idempotency_key_in_use");
        assert_eq!(conflict.header("stripe-should-retry"), Some("true"));
    }
    let intents = one.get(PATH).await.ok().json();
    assert_eq!(intents["data"].as_array().unwrap().len(), 1);
    assert_eq!(one.movements(&executed[0].at("/id")).await, ["authorize 4900"]);
    assert_eq!(two.keyed("same", PATH, &body).await.ok().text, executed[0].text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_in_flight_conflicts() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let body = "amount=4900&currency=usd";
    // Somebody else holds the ledger, so the first call cannot finish.
    let lock = rusqlite::Connection::open(bench.ledger()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let first = tokio::spawn({
        let api = api.clone();
        async move { api.keyed("k1", PATH, body).await }
    });
    let conflict = loop {
        // Another key could only wait for the lock; this one is turned away as soon as the first is in.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let attempt = tokio::time::timeout(Duration::from_millis(200), api.keyed("k1", PATH, body));
        if let Ok(reply) = attempt.await {
            break reply;
        }
    };
    assert_eq!(conflict.status, 409, "{}", conflict.text);
    assert_eq!(conflict.at("/error/code"), "idempotency_key_in_use");
    lock.execute_batch("ROLLBACK").unwrap();
    let first = first.await.unwrap().ok();
    assert_eq!(api.keyed("k1", PATH, body).await.ok().text, first.text);
    assert_eq!(api.get(PATH).await.ok().json()["data"].as_array().unwrap().len(), 1);
}
