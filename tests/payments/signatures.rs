//! Events of the shapes that Stripe documents, rightly and wrongly signed.

use boxoffice_tests::{App, Request, START, Surroundings, check, id, post, row};
use serde_json::{Value, json};

use crate::stage::{Card, Stage};

/// Stripe's events, as <https://docs.stripe.com/api/events/types> has them; `@…@` is filled in.
const AMOUNT_CAPTURABLE_UPDATED: &str = include_str!("events/amount_capturable_updated.json");
const CHARGE_SUCCEEDED: &str = include_str!("events/charge_succeeded.json");
const PAYMENT_FAILED: &str = include_str!("events/payment_failed.json");
const CANCELED: &str = include_str!("events/canceled.json");

/// An event about the intent `intent` of `payment`.
pub(crate) fn event(shape: &str, number: usize, intent: &Value, payment: &Value) -> Value {
    let text = shape
        .replace("@EVENT@", &format!("evt_{number}"))
        .replace("@INTENT@", id(intent))
        .replace("@ORDER@", payment["orderId"].as_str().unwrap())
        .replace("@PAYMENT@", id(payment));
    serde_json::from_str(&text).unwrap()
}

/// A payment whose buyer is at their bank, and its intent.
async fn asked(stage: &Stage) -> (Value, Value, Value) {
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    let intent = stage.intents(&order).await.remove(0);
    (order, payment, intent)
}

pub(crate) fn secret(stage: &Stage) -> String {
    stage.app.variables["stripe_webhook_secret"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_stripe_signed_lately_is_heard() {
    let stage = Stage::with_sandbox().await;
    let (order, payment, intent) = asked(&stage).await;
    let event = event(AMOUNT_CAPTURABLE_UPDATED, 1, &intent, &payment);
    let good = stage.app.signed(&event, &secret(&stage));
    let text = event.to_string();
    let at = |seconds: i64| {
        let now = i64::try_from(START).unwrap() + seconds;
        boxoffice_sandbox::signature(&secret(&stage), now, &text)
    };
    let with = |signature: &str| good.clone().header("stripe-signature", signature);
    let refused = |name: &str, request: Request| row(name, request, 400).code("bad_signature");
    let mut unsigned = good.clone();
    unsigned.headers.remove("stripe-signature");
    let rows = [
        refused("not signed", unsigned),
        refused("signed by somebody else", stage.app.signed(&event, "whsec_somebody_else")),
        refused("another body", good.clone().body(text.replace("4500", "4501"))),
        refused("too old", with(&at(-301))),
        refused("from the future", with(&at(301))),
        refused("no signature", with("t=1,v1=")),
        refused("another scheme", with(&at(0).replace("v1=", "v0="))),
        row("no event", stage.app.signed(&json!({ "no": "event" }), &secret(&stage)), 400),
        row("another method", boxoffice_tests::get("/api/payments/webhook"), 405),
    ];
    check(&stage.app.client(), rows).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM payments_webhooks"), 0);
    stage
        .buyer
        .get(&format!("/api/orders/{}", id(&order)))
        .await
        .shows(200, json!({ "status": "awaiting:payment" }));

    // As the provider has it, the money is set aside.
    stage.authenticate(&payment, true).await;
    let rows = [
        row("signed a while ago", with(&at(-300)), 200),
        row("again", good.clone(), 200),
        row("whatever it says of its type", good.clone().untyped(), 200),
    ];
    check(&stage.app.client(), rows).await;
    stage.is_bought(&order).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM payments_webhooks WHERE body IS NULL"), 1);
    stage.is_right().await;
}

/// A secret of the other mode must not move anything.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_the_wrong_mode_is_refused() {
    let stage = Stage::with_sandbox().await;
    let (order, payment, intent) = asked(&stage).await;
    stage.authenticate(&payment, true).await;
    let mut event = event(AMOUNT_CAPTURABLE_UPDATED, 1, &intent, &payment);
    event["livemode"] = json!(true);
    let refused = row("live", stage.app.signed(&event, &secret(&stage)), 400).code("wrong_mode");
    check(&stage.app.client(), [refused]).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM payments_webhooks"), 0);
    stage
        .buyer
        .get(&format!("/api/orders/{}", id(&order)))
        .await
        .shows(200, json!({ "status": "awaiting:payment" }));
    event["livemode"] = json!(false);
    check(&stage.app.client(), [row("test", stage.app.signed(&event, &secret(&stage)), 200)]).await;
    stage.is_bought(&order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_events_ends_alike() {
    let stage = Stage::with_sandbox().await;
    let shapes = [CHARGE_SUCCEEDED, AMOUNT_CAPTURABLE_UPDATED, PAYMENT_FAILED, CANCELED];
    // Of a payment that was authorized, nothing but its end says more, whatever comes late.
    for late in [CHARGE_SUCCEEDED, AMOUNT_CAPTURABLE_UPDATED, PAYMENT_FAILED] {
        let (order, payment, intent) = asked(&stage).await;
        stage.authenticate(&payment, true).await;
        stage.confirm(&payment).await.expect(201);
        stage.is_bought(&order).await;
        for number in [1, 1, 2] {
            let event = event(late, number + stage_number(&stage), &intent, &payment);
            let request = stage.app.signed(&event, &secret(&stage));
            check(&stage.app.client(), [row("late", request, 200)]).await;
        }
        stage.is_bought(&order).await;
        stage.is_right().await;
    }
    // Of a payment of somebody else's on the same account, nothing follows.
    for (number, shape) in shapes.into_iter().enumerate() {
        let stranger = json!({ "id": "pi_stranger" });
        let payment = json!({
            "id": "01980f3c-0000-7000-8000-000000000000",
            "orderId": "01980f3c-0000-7000-8000-000000000001",
        });
        let event = event(shape, 900 + number, &stranger, &payment);
        let request = stage.app.signed(&event, &secret(&stage));
        check(&stage.app.client(), [row("a stranger's", request, 200)]).await;
    }
    stage.is_right().await;
}

/// How many events there were, to give the next one an id of its own.
fn stage_number(stage: &Stage) -> usize {
    let count = stage.number("SELECT COUNT(*) FROM payments_webhooks");
    usize::try_from(count).unwrap() * 10
}

/// An event about other money than the payment's is not believed.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_about_another_amount_changes_nothing() {
    let stage = Stage::with_sandbox().await;
    let (_, payment, intent) = asked(&stage).await;
    let mut cheap = event(AMOUNT_CAPTURABLE_UPDATED, 1, &intent, &payment);
    cheap["data"]["object"]["amount"] = json!(1);
    let mut foreign = event(AMOUNT_CAPTURABLE_UPDATED, 2, &intent, &payment);
    foreign["data"]["object"]["currency"] = json!("huf");
    let other = event(AMOUNT_CAPTURABLE_UPDATED, 3, &json!({ "id": "pi_other" }), &payment);
    for event in [cheap, foreign, other] {
        let request = stage.app.signed(&event, &secret(&stage));
        check(&stage.app.client(), [row("another", request, 200)]).await;
    }
    let still = json!({ "payment": { "status": "requires_action" } });
    stage.confirm(&payment).await.shows(202, still);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_changed_without_a_gap() {
    let mut around = Surroundings::prepare().await;
    around.variables.insert("stripe_webhook_secret".into(), "whsec_new, whsec_old".into());
    let app = App::start_in(around).await;
    let event =
        |id: &str| json!({ "id": id, "type": "customer.created", "data": { "object": {} } });
    let rows = [
        row("the new one", app.signed(&event("evt_1"), "whsec_new"), 200),
        row("the old one", app.signed(&event("evt_2"), "whsec_old"), 200),
        row("both as one", app.signed(&event("evt_3"), "whsec_new, whsec_old"), 400),
        row("none", app.signed(&event("evt_4"), ""), 400),
    ];
    check(&app.client(), rows).await;
}

/// Stripe waits for two seconds at the most, even while somebody keeps the database to themselves.
#[tokio::test(flavor = "multi_thread")]
async fn stripe_does_not_wait() {
    let stage = Stage::with_sandbox().await;
    let event = json!({ "id": "evt_1", "type": "customer.created", "data": { "object": {} } });
    let tell = async || {
        let start = std::time::Instant::now();
        let answer = stage.app.client().send(&stage.app.signed(&event, &secret(&stage))).await;
        (answer.status, start.elapsed())
    };
    assert_eq!(tell().await.0, 200);
    stage.app.tamper("DELETE FROM payments_webhooks").await;
    let database = stage.app.database();
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let lock = tokio::task::spawn_blocking(move || {
        let locked = || locked.send(()).unwrap();
        database.occupy(locked, std::time::Duration::from_secs(3)).unwrap();
    });
    is_locked.await.unwrap();
    let (status, took) = tell().await;
    assert!(status == 503 && took.as_millis() < 2_000, "{status} after {took:?}");
    lock.await.unwrap();
    assert_eq!(tell().await.0, 200);
}

/// Without a secret nothing that claims to be Stripe's is heard, and Stripe is told to come again.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_nobody_is_heard() {
    let mut around = Surroundings::prepare().await;
    around.variables.insert("stripe_webhook_secret".into(), " ,".into());
    let app = App::start_in(around).await;
    let event = json!({ "id": "evt_1", "type": "customer.created", "data": { "object": {} } });
    let rows = [
        row("signed with nothing", app.signed(&event, ""), 503).code("webhooks_off"),
        row("not signed", post("/api/payments/webhook", event), 503).code("webhooks_off"),
    ];
    check(&app.client(), rows).await;
}
