//! Webhooks early, late, twice, backwards, never.

use boxoffice_sandbox::Delivery;
use boxoffice_tests::eventually;
use boxoffice_tests::provider::Mood;
use boxoffice_tests::{id, post};
use serde_json::{Value, json};

use crate::stage::{Card, HOLD, Stage};

const DAY: u64 = 24 * 60 * 60;

async fn stage(delivery: Delivery) -> Stage {
    let stage = Stage::with_sandbox().await;
    stage.hear_webhooks().await;
    stage.app.sandbox().deliver_webhooks(delivery);
    stage
}

/// Waits until the shop has heard, and acted on, as many events as the sandbox has had.
async fn has_heard_all(stage: &Stage) {
    let events = rusqlite::Connection::open(stage.app.ledger()).unwrap();
    let waiting = async || -> i64 {
        let sql = "SELECT COUNT(*) FROM events WHERE due IS NOT NULL";
        events.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    eventually("everything was sent", waiting, |waiting| *waiting == 0).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM payments_webhooks WHERE body IS NOT NULL"), 0);
}

/// However events are delivered, a purchase, a decline, a check by the bank and a hold given up end
/// as they would without.
async fn everything_ends_well(stage: &Stage) {
    let bought = stage.hold().await;
    stage.pay(&bought, Card::Declined).await.expect(402);
    stage.pay(&bought, Card::Good).await.expect(201);
    let checked = stage.hold().await;
    let payment = stage.pay_asked(&checked, Card::Asks).await;
    stage.authenticate(&payment, true).await;
    stage.confirm(&payment).await.expect(201);
    let given_up = stage.hold().await;
    stage.pay_asked(&given_up, Card::Asks).await;
    stage.buyer.cancel(&given_up).await.expect(204);
    stage.is_bought(&bought).await;
    stage.is_bought(&checked).await;
    stage.has_intents(&given_up, &["canceled"]).await;
    stage.is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_time_or_before_the_answer_or_twice_or_backwards() {
    for delivery in [Delivery::Prompt, Delivery::BeforeAnswer, Delivery::Twice, Delivery::Backwards]
    {
        eprintln!("{delivery:?}");
        let stage = stage(delivery).await;
        everything_ends_well(&stage).await;
        stage.passes(10).await;
        has_heard_all(&stage).await;
        stage.is_right().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn never_and_a_day_late() {
    let stage = stage(Delivery::Held).await;
    everything_ends_well(&stage).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM payments_webhooks"), 0, "nothing was told");
    stage.passes(DAY).await;
    for delivery in [Delivery::Backwards, Delivery::Prompt] {
        stage.app.sandbox().deliver_webhooks(delivery);
        has_heard_all(&stage).await;
    }
    assert!(stage.number("SELECT COUNT(*) FROM payments_webhooks") > 10);
    stage.is_right().await;
}

/// The buyer never comes back from their bank; the webhook alone completes the order.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_enough() {
    let stage = stage(Delivery::Prompt).await;
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    stage.authenticate(&payment, true).await;
    stage.is_bought(&order).await;
    has_heard_all(&stage).await;
    stage.is_right().await;
}

/// Neither the buyer nor a webhook comes back: a tick looks.
#[tokio::test(flavor = "multi_thread")]
async fn a_tick_is_enough() {
    let stage = stage(Delivery::Held).await;
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    stage.authenticate(&payment, true).await;
    stage.passes(31).await;
    stage.is_bought(&order).await;
    stage.is_right().await;
}

/// A webhook says that the money is there before the answer, which is lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_does_not_matter_to_who_hears() {
    let stage = stage(Delivery::BeforeAnswer).await;
    let order = stage.hold().await;
    let wish = json!({ "orderId": id(&order), "token": stage.card(Card::Good).await });
    let request = post("/api/payments", wish).key("lost");
    stage.provider.be(Mood::Mute);
    stage.buyer.send(&request).await;
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.provider.be(Mood::Normal);
    stage.buyer.send(&request).await.expect(201);
    stage.passes(60).await;
    stage.is_bought(&order).await;
    stage.is_right().await;
}

/// The buyer authenticates a day after the hold ended: the intent was closed, and nothing is taken.
#[tokio::test(flavor = "multi_thread")]
async fn money_does_not_come_in_after_the_end() {
    let stage = stage(Delivery::Held).await;
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    stage.passes(HOLD).await;
    stage.has_intents(&order, &["canceled"]).await;
    stage.authenticate(&payment, true).await;
    stage.app.sandbox().deliver_webhooks(Delivery::Prompt);
    has_heard_all(&stage).await;
    stage.has_intents(&order, &["canceled"]).await;
    stage.is_right().await;
}

/// A browser goes on with an intent whose payment counts as declined. The money is let go.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_goes_on_by_itself_is_not_charged() {
    let stage = stage(Delivery::Held).await;
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    stage.authenticate(&payment, false).await;
    let failure = "payment_intent_authentication_failure";
    stage.confirm(&payment).await.refuses(402, failure);
    // Before anybody has closed it.
    let intent = stage.intents(&order).await[0]["id"].as_str().unwrap().to_owned();
    let url = format!("{}/v1/payment_intents/{intent}/confirm", stage.app.sandbox_url());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let key = &stage.app.variables["stripe_api_key"];
    let asked = http.post(url).bearer_auth(key).body("payment_method=pm_card_visa");
    let asked = asked.header("content-type", "application/x-www-form-urlencoded");
    let held: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(held["status"], "requires_capture", "{held:#}");
    stage.app.sandbox().deliver_webhooks(Delivery::Prompt);
    has_heard_all(&stage).await;
    stage.passes(6).await;
    stage.has_intents(&order, &["canceled"]).await;
    stage.buyer.sees_order(&order, json!({ "status": "awaiting:payment" })).await;
    stage.is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_are_forgotten() {
    let stage = stage(Delivery::Prompt).await;
    let order = stage.hold().await;
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
    has_heard_all(&stage).await;
    stage.passes(30 * DAY).await;
    assert!(stage.number("SELECT COUNT(*) FROM payments_webhooks") > 0, "a repeat may come");
    stage.passes(6 * DAY).await;
    assert_eq!(stage.number("SELECT COUNT(*) FROM payments_webhooks"), 0);
}
