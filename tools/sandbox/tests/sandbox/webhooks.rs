//! Events that are sent to the shop, and bank accounts, of which only they tell soon.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use boxoffice_sandbox::{Delivery, Endpoint, Sandbox, signature};
use rusqlite::Connection;
use serde_json::Value;

use crate::bench::{Api, Bench, HOLD, START};

const SECRET: &str = "whsec_1";

/// A shop that listens.
#[derive(Clone, Default)]
struct Shop {
    /// Each request's signature and body.
    heard: Arc<Mutex<Vec<(String, String)>>>,
    /// How many it answers with an error first.
    fails: Arc<Mutex<usize>>,
}

async fn hear(State(shop): State<Shop>, headers: HeaderMap, body: String) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    shop.heard.lock().unwrap().push((signature, body));
    let mut fails = shop.fails.lock().unwrap();
    if *fails > 0 {
        *fails -= 1;
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::OK
}

impl Shop {
    async fn open() -> (Self, SocketAddr) {
        let shop = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/hook", post(hear)).with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (shop, address)
    }

    /// The types of what was heard.
    fn types(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let kind = |(_, body): &(String, String)| {
            let event: Value = serde_json::from_str(body).unwrap();
            event["type"].as_str().unwrap().to_owned()
        };
        heard.iter().map(kind).collect()
    }

    async fn hears(&self, types: &[&str]) {
        for _ in 0..200 {
            if self.types() == types {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("heard {:?}, not {types:?}", self.types());
    }
}

async fn with_shop(bench: &Bench) -> (Sandbox, Api, Shop) {
    let (sandbox, api) = bench.start().await;
    let (shop, address) = Shop::open().await;
    let url = format!("http://{address}/hook");
    sandbox.send_webhooks_to(Endpoint { url, secret: SECRET.to_owned() });
    (sandbox, api, shop)
}

async fn held(api: &Api) -> String {
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa");
    api.post("/v1/payment_intents", &body).await.ok().at("/id")
}

const CREATED: &str = "payment_intent.created";
const CHARGED: &str = "charge.succeeded";
const CAPTURABLE: &str = "payment_intent.amount_capturable_updated";

#[tokio::test]
async fn events_are_signed_and_tell_of_the_object() {
    let bench = Bench::new();
    let (_sandbox, api, shop) = with_shop(&bench).await;
    let intent = held(&api).await;
    shop.hears(&[CREATED, CHARGED, CAPTURABLE]).await;
    for (header, body) in shop.heard.lock().unwrap().iter() {
        assert_eq!(*header, signature(SECRET, i64::try_from(START).unwrap(), body));
    }
    let last: Value = serde_json::from_str(&shop.heard.lock().unwrap().last().unwrap().1).unwrap();
    assert_eq!(last["object"], "event");
    assert_eq!(last["data"]["object"]["id"], intent.as_str());
    assert_eq!(last["data"]["object"]["status"], "requires_capture");
    api.post(&format!("/v1/payment_intents/{intent}/cancel"), "").await.ok();
    shop.hears(&[CREATED, CHARGED, CAPTURABLE, "payment_intent.canceled"]).await;
}

#[tokio::test]
async fn what_was_refused_is_sent_again_later_and_signed_anew() {
    let bench = Bench::new();
    let (sandbox, api, shop) = with_shop(&bench).await;
    sandbox.deliver_webhooks(Delivery::Held);
    *shop.fails.lock().unwrap() = 1;
    held(&api).await;
    sandbox.deliver_webhooks(Delivery::Prompt);
    shop.hears(&[CREATED, CHARGED, CAPTURABLE]).await;
    bench.advance(Duration::from_secs(5));
    shop.hears(&[CREATED, CHARGED, CAPTURABLE, CREATED]).await;
    let heard = shop.heard.lock().unwrap();
    assert_eq!(heard[0].1, heard[3].1, "the same event");
    assert_ne!(heard[0].0, heard[3].0, "signed at another time");
}

#[tokio::test]
async fn nobody_is_told_of_what_was_before_they_listened() {
    let bench = Bench::new();
    let (sandbox, api) = bench.start().await;
    held(&api).await;
    let (shop, address) = Shop::open().await;
    let url = format!("http://{address}/hook");
    sandbox.send_webhooks_to(Endpoint { url, secret: SECRET.to_owned() });
    held(&api).await;
    shop.hears(&[CREATED, CHARGED, CAPTURABLE]).await;
}

#[tokio::test]
async fn events_may_come_before_the_answer_and_twice() {
    let bench = Bench::new();
    let (sandbox, api, shop) = with_shop(&bench).await;
    sandbox.deliver_webhooks(Delivery::BeforeAnswer);
    held(&api).await;
    assert_eq!(shop.types(), [CREATED, CHARGED, CAPTURABLE], "at once");
    sandbox.deliver_webhooks(Delivery::Twice);
    api.post("/v1/payment_intents", "amount=4900&currency=usd").await.ok();
    shop.hears(&[CREATED, CHARGED, CAPTURABLE, CREATED, CREATED]).await;
}

const DEBIT: &str = "amount=4900&currency=usd&confirm=true&automatic_payment_methods[enabled]=true\
                     &automatic_payment_methods[allow_redirects]=never&payment_method=";

#[tokio::test]
async fn a_bank_account_takes_four_days() {
    let bench = Bench::new();
    let (_sandbox, api, shop) = with_shop(&bench).await;
    let body = format!("{DEBIT}pm_usBankAccount_success");
    let intent = api.post("/v1/payment_intents", &body).await.ok();
    assert_eq!(intent.at("/status"), "processing");
    let id = intent.at("/id");
    let refused = api.post(&format!("/v1/payment_intents/{id}/cancel"), "").await;
    assert_eq!(refused.at("/error/code"), "payment_intent_unexpected_state");
    bench.advance(Duration::from_secs(4 * 24 * 3600));
    let succeeded = "payment_intent.succeeded";
    shop.hears(&[CREATED, "payment_intent.processing", CHARGED, succeeded]).await;
    assert_eq!(api.movements(&id).await, ["authorize 4900", "capture 4900"]);
    let path = format!("/v1/payment_intents/{id}?expand[]=latest_charge");
    let method = api.get(&path).await.ok().at("/latest_charge/payment_method_details/type");
    assert_eq!(method, "us_bank_account");
}

#[tokio::test]
async fn a_bank_account_may_be_empty_and_cannot_wait() {
    let bench = Bench::new();
    let (_sandbox, api, shop) = with_shop(&bench).await;
    let body = format!("{DEBIT}pm_usBankAccount_insufficientFunds");
    let later = api.post("/v1/payment_intents", &format!("{body}&capture_method=manual")).await;
    assert_eq!((later.status, later.at("/error/param").as_str()), (400, "capture_method"));
    let euros = api.post("/v1/payment_intents", &body.replace("usd", "eur")).await;
    assert_eq!((euros.status, euros.at("/error/param").as_str()), (400, "payment_method"));
    let id = api.post("/v1/payment_intents", &body).await.ok().at("/id");
    bench.advance(Duration::from_secs(4 * 24 * 3600));
    let failed = "payment_intent.payment_failed";
    shop.hears(&[CREATED, "payment_intent.processing", failed]).await;
    let intent = api.get(&format!("/v1/payment_intents/{id}")).await.ok();
    assert_eq!(intent.at("/status"), "requires_payment_method");
    assert_eq!(intent.at("/last_payment_error/code"), "insufficient_funds");
    assert!(api.movements(&id).await.is_empty());
}

/// A ledger of the build before this one.
#[tokio::test]
async fn an_older_ledger_learns_of_events() {
    let bench = Bench::new();
    let (sandbox, _) = bench.start().await;
    sandbox.shutdown().await;
    let db = Connection::open(bench.ledger()).unwrap();
    let newer = "DROP TABLE events; DROP INDEX intents_processing; DROP TABLE disputes";
    db.execute_batch(newer).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    let (_sandbox, api, shop) = with_shop(&bench).await;
    held(&api).await;
    shop.hears(&[CREATED, CHARGED, CAPTURABLE]).await;
}
