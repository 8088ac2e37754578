//! The fee of a ticket that a fan sells on, and sales that are undone because the one before was
//! refunded.
//!
//! The tickets here are ordinary ones: what makes a payment that of a resale is written into its row.

use boxoffice_tests::provider::Mood;
use boxoffice_tests::{check, eventually, get, id, row};
use serde_json::{Value, json};

use crate::stage::{Card, PRICE, Stage, refund};

/// What the shop keeps of the price, in cents.
const FEE: i64 = PRICE / 20;
const ADMISSION: &str = "01980f3c-0000-7000-8000-0000000000ad";

/// Tells the services that an admission of `order` is void, as `admissions` does: one more time with
/// each `number`. A tick reads it.
async fn void(stage: &Stage, order: &Value, number: u32, undone: bool) {
    let event = json!({
        "specversion": "1.0",
        "id": format!("01980f3c-0000-7000-8000-{number:012x}"),
        "source": "/boxoffice/admissions",
        "type": "admission:voided",
        "subject": ADMISSION,
        "time": stage.app.time(0),
        "datacontenttype": "application/json",
        "data": {
            "id": ADMISSION, "version": 100 + number, "status": "void", "orderId": id(order),
            "ticketId": id(&stage.ticket), "number": 1, "holderId": stage.buyer.id(),
            "generation": 1, "undone": undone,
        },
    });
    let mut redis = stage.app.redis().await;
    let entry = [("event", stage.app.sealed(&event.to_string()))];
    let add = redis::cmd("XADD").arg("admission:voided").arg("*").arg(&entry).to_owned();
    let _: String = add.query_async(&mut redis).await.unwrap();
}

/// An order that is complete and whose money cannot be taken yet: the payment is that of a fan's
/// ticket, with a fee.
async fn resold(stage: &Stage) -> (Value, Value) {
    let order = stage.hold().await;
    stage.provider.be(Mood::DeafTo("/capture"));
    let payment = stage.pay(&order, Card::Good).await.expect(201)["payment"].clone();
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    // A worker that asks the provider has read the payment. It must give up before the row changes.
    let failures = "SELECT CAST(SUM(failures) AS BIGINT) FROM payments_payments";
    let given_up = async || stage.number(failures);
    eventually("the capture has failed", given_up, |failures| *failures > 0).await;
    let sql = format!(
        "UPDATE payments_payments SET fee = {FEE}, resale_of = '{}' WHERE id = '{}'",
        id(&stage.ticket),
        id(&payment)
    );
    assert_eq!(stage.app.tamper(&sql).await, 1);
    (order, payment)
}

/// The same, once the money is taken.
async fn resold_and_captured(stage: &Stage) -> (Value, Value) {
    let (order, payment) = resold(stage).await;
    stage.provider.be(Mood::Normal);
    stage.passes(60).await;
    stage.is_bought(&order).await;
    (order, payment)
}

/// The seller's lines, newest first, and what the seller is owed.
async fn account(stage: &Stage) -> (Vec<(String, i64)>, i64) {
    let ledger = stage.seller.get("/api/payments/ledger").await.expect(200);
    let line = |item: &Value| {
        (item["movement"].as_str().unwrap().to_owned(), item["amount"].as_i64().unwrap())
    };
    let lines = ledger["items"].as_array().unwrap().iter().map(line).collect();
    (lines, ledger["balances"][0]["closing"].as_i64().unwrap())
}

fn lines<const N: usize>(lines: [(&str, i64); N]) -> Vec<(String, i64)> {
    lines.map(|(movement, amount)| (movement.to_owned(), amount)).into()
}

/// How often, and by whom, the refund was asked for: the shop itself is nobody.
fn asked(stage: &Stage) -> String {
    stage.text(
        "SELECT refund_reason || ' ' || restock || ' ' || COALESCE(refund_asked_by, 'the shop') \
         FROM payments_payments",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_gets_the_price_without_the_fee_and_operators_alone_undo_that() {
    let mut stage = Stage::with_sandbox().await;
    let (order, payment) = resold_and_captured(&stage).await;
    let sold = [("fee", -FEE), ("sale", PRICE)];
    assert_eq!(account(&stage).await, (lines(sold), PRICE - FEE));
    let csv = stage.seller.get("/api/payments/ledger?format=csv").await;
    assert!(
        csv.text.contains(",\"fee\",") && csv.text.contains(",\"-2.25\",\"EUR\","),
        "{}",
        csv.text
    );
    stage.is_right().await;

    let wish = refund(&payment, json!({}));
    check(&stage.seller, [row("the fan", wish.clone(), 409).code("resale")]).await;
    assert_eq!(stage.given_back(&order).await, 0);
    let operator = stage.app.sign_up().await;
    stage.app.variables.insert("operators".into(), operator.id().to_owned());
    stage.app.restart().await;
    let address = stage.app.host().address();
    for person in [&mut stage.seller, &mut stage.buyer] {
        *person = person.clone().at(address);
    }
    let operator = stage.app.protect(operator.at(address)).await.0;
    operator.send(&wish).await.expect(200);
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    let undone = [("fee_return", FEE), ("refund", -PRICE), ("fee", -FEE), ("sale", PRICE)];
    assert_eq!(account(&stage).await, (lines(undone), 0));
    stage.is_right().await;
}

/// Each ticket of the order is told of, and each more than once: the money goes back once.
#[tokio::test(flavor = "multi_thread")]
async fn an_undone_sale_is_refunded_once_by_the_shop_itself() {
    let stage = Stage::with_sandbox().await;
    let (order, _) = resold_and_captured(&stage).await;
    void(&stage, &order, 1, false).await;
    stage.passes(1).await;
    assert_eq!(stage.given_back(&order).await, 0, "a ticket that is sold on is void, too");
    for number in 2..5 {
        void(&stage, &order, number, true).await;
    }
    stage.passes(1).await;
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    void(&stage, &order, 5, true).await;
    stage.passes(60).await;
    assert_eq!(stage.given_back(&order).await, PRICE);
    let refunds = "SELECT COUNT(*) FROM payments_ledger WHERE movement IN ('refund', 'fee_return')";
    assert_eq!(stage.number(refunds), 4, "two entries of each");
    assert!(asked(&stage).contains("requested_by_customer 0 the shop"), "{}", asked(&stage));
    let undone = [("fee_return", FEE), ("refund", -PRICE), ("fee", -FEE), ("sale", PRICE)];
    assert_eq!(account(&stage).await, (lines(undone), 0));
    stage.is_right().await;
}

/// The sale before it is refunded while the money of this one cannot be taken: it is taken and given
/// back, so that the order and the ledger say what has happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_undone_before_its_money_is_taken_is_refunded_by_ticks() {
    let stage = Stage::with_sandbox().await;
    let (order, _) = resold(&stage).await;
    void(&stage, &order, 1, true).await;
    stage.passes(60).await;
    assert_eq!(asked(&stage), "None", "there is nothing to give back yet");
    stage.provider.be(Mood::DeafTo("/refunds"));
    stage.passes(60).await;
    stage.passes(60).await;
    assert!(asked(&stage).contains("the shop"), "{}", asked(&stage));
    assert_eq!(stage.given_back(&order).await, 0);
    stage.provider.be(Mood::Normal);
    stage.passes(600).await;
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    assert_eq!(stage.given_back(&order).await, PRICE);
    assert_eq!(account(&stage).await.1, 0);
    stage.is_right().await;
}

/// The first sale of a ticket is told of, too: its seller has refunded it already.
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_refunded_already_is_left_as_it_is() {
    let stage = Stage::with_sandbox().await;
    let (order, payment) = stage.sold().await;
    stage.seller.send(&refund(&payment, json!({ "restock": true }))).await.expect(200);
    let refunded = json!({ "status": "refunded", "restocked": true });
    stage.buyer.sees_order(&order, refunded.clone()).await;
    void(&stage, &order, 1, true).await;
    stage.passes(60).await;
    stage.buyer.sees_order(&order, refunded).await;
    assert_eq!(stage.given_back(&order).await, PRICE);
    assert!(asked(&stage).contains(stage.seller.id()), "{}", asked(&stage));
    stage.is_right().await;
}

/// What was heard of while the order's end was not known is done when it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_may_be_undone_before_it_is_known() {
    let stage = Stage::with_sandbox().await;
    let (order, _) = resold_and_captured(&stage).await;
    let forget = "UPDATE payments_orders SET status = 'created', payment_id = NULL, version = 0";
    assert_eq!(stage.app.tamper(forget).await, 1);
    void(&stage, &order, 1, true).await;
    stage.passes(60).await;
    assert_eq!(stage.given_back(&order).await, 0);
    let known = format!(
        "UPDATE payments_orders SET status = 'complete', version = 3, payment_id = \
         (SELECT id FROM payments_payments) WHERE id = '{}'",
        id(&order)
    );
    assert_eq!(stage.app.tamper(&known).await, 1);
    stage.passes(60).await;
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    assert_eq!(stage.given_back(&order).await, PRICE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_is_a_line_of_its_sale() {
    let stage = Stage::with_sandbox().await;
    let (order, payment) = resold_and_captured(&stage).await;
    let page = get("/api/payments/ledger?limit=1");
    let fee = json!({ "items": [{
        "movement": "fee", "amount": -FEE, "currency": "EUR", "orderId": order["id"],
        "paymentId": payment["id"], "title": stage.ticket["title"], "paymentStatus": "captured",
    }] });
    stage.seller.send(&page).await.shows(200, fee);
}
