//! Bank accounts: whether they pay is known days later, and their money cannot be set aside, only
//! taken.

use boxoffice_tests::id;
use serde_json::{Value, json};

use crate::stage::{HOLD, Stage, refund};

const DAY: u64 = 24 * 60 * 60;
const GOOD: &str = "pm_usBankAccount_success";
const EMPTY: &str = "pm_usBankAccount_insufficientFunds";

/// A seller in dollars, an order of the buyer's, and the payment that has begun.
async fn debited(stage: &Stage, account: &str) -> (Value, Value) {
    let wish = json!({ "price": 4500, "currency": "USD", "quantity": 5 });
    let ticket = stage.seller.list(wish).await.expect(201);
    let order = stage.buyer.hold(&ticket).await.expect(201);
    let processing = json!({ "payment": { "status": "processing", "currency": "USD" } });
    let answer = stage.buyer.pay(&order, account).await.shows(202, processing);
    assert!(
        answer.body["payment"].get("clientSecret").is_none(),
        "nothing is to be done: {answer}"
    );
    (order, answer.body["payment"].clone())
}

/// The one intent of an order: its status, what was taken, and what of it was given back.
async fn money(stage: &Stage, order: &Value) -> (String, i64, i64) {
    let intent = stage.intents(order).await.remove(0);
    let refunded = intent["latest_charge"]["amount_refunded"].as_i64().unwrap_or(0);
    let status = intent["status"].as_str().unwrap().to_owned();
    (status, intent["amount_received"].as_i64().unwrap(), refunded)
}

async fn comes_to(stage: &Stage, order: &Value, due: (&str, i64, i64)) {
    let due = (due.0.to_owned(), due.1, due.2);
    let look = async || {
        stage.passes(700).await;
        money(stage, order).await
    };
    boxoffice_tests::eventually("the money is where it belongs", look, |seen| *seen == due).await;
}

/// The money was seen at the provider; the next tick, if not the last, has the shop see it, too.
async fn is_complete(stage: &Stage, order: &Value) {
    let look = async || {
        stage.passes(700).await;
        stage.buyer.get(&format!("/api/orders/{}", id(order))).await.body["status"].clone()
    };
    boxoffice_tests::eventually("the order is complete", look, |seen| seen == "complete").await;
}

/// Whether webhooks tell or a tick looks.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_pays_in_time_buys() {
    for told in [true, false] {
        let stage = Stage::with_holds_of(6 * DAY).await;
        if told {
            stage.hear_webhooks().await;
        }
        let (order, payment) = debited(&stage, GOOD).await;
        let still = json!({ "payment": { "status": "processing" } });
        stage.confirm(&payment).await.shows(202, still);
        stage.app.advance(4 * DAY);
        comes_to(&stage, &order, ("succeeded", 4500, 0)).await;
        is_complete(&stage, &order).await;
        let taken = json!({ "payment": { "status": "captured" } });
        stage.confirm(&payment).await.shows(201, taken);
        stage.is_right().await;
    }
}

/// What is taken when the order has ended is given back.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_pays_too_late_gets_its_money_back() {
    for told in [true, false] {
        let stage = Stage::with_sandbox().await;
        if told {
            stage.hear_webhooks().await;
        }
        let (order, payment) = debited(&stage, GOOD).await;
        stage.passes(HOLD).await;
        stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
        stage.app.advance(4 * DAY);
        comes_to(&stage, &order, ("succeeded", 4500, 4500)).await;
        stage.confirm(&payment).await.refuses(409, "ended");
        stage.is_right().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_pay_is_a_decline() {
    let stage = Stage::with_holds_of(6 * DAY).await;
    let (order, payment) = debited(&stage, EMPTY).await;
    stage.buyer.pay(&order, "pm_card_visa").await.refuses(409, "payment_pending");
    stage.app.advance(4 * DAY);
    // Its intent is closed, so that nobody goes on with it.
    comes_to(&stage, &order, ("canceled", 0, 0)).await;
    stage.confirm(&payment).await.refuses(402, "insufficient_funds");
    stage.buyer.pay(&order, "pm_card_visa").await.expect(201);
    stage.is_bought(&order).await;
    stage.is_right().await;
}

/// Where the account's currency is another, it cannot be used, and nothing is charged.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_another_currency_is_refused() {
    let stage = Stage::with_sandbox().await;
    let order = stage.hold().await;
    stage.buyer.pay(&order, GOOD).await.refuses(402, "invalid_payment_method");
    assert!(stage.intents(&order).await.is_empty());
}

/// It was charged before it was sold: both are booked, and its sale can be undone like any other.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_charged_at_once_is_refunded_too() {
    let stage = Stage::with_holds_of(6 * DAY).await;
    let (order, payment) = debited(&stage, GOOD).await;
    stage.app.advance(4 * DAY);
    comes_to(&stage, &order, ("succeeded", 4500, 0)).await;
    is_complete(&stage, &order).await;
    stage.passes(60).await;
    stage.is_right().await;
    stage.seller.send(&refund(&payment, json!({}))).await.expect(200);
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    comes_to(&stage, &order, ("succeeded", 4500, 4500)).await;
    stage.is_right().await;
}
