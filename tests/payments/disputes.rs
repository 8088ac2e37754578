//! What the provider does with money by itself: parts given back by hand, and disputes.

use boxoffice_tests::{Person, delete, eventually, get, id};
use serde_json::{Value, json};

use crate::reconciling::before_operators;
use crate::stage::{PRICE, Stage, refund};

const LEDGER: &str = "/api/payments/ledger";
const PART: i64 = 1_000;

/// A shop with an operator, one sale, and its intent.
struct Sold {
    stage: Stage,
    operator: Person,
    order: Value,
    payment: Value,
    intent: String,
}

impl Sold {
    async fn set() -> Self {
        let mut stage = Stage::with_sandbox().await;
        let operator = stage.operator().await;
        stage.hear_webhooks().await;
        let (order, payment) = stage.sold().await;
        let intent = id(&stage.intents(&order).await.remove(0)).to_owned();
        Self { stage, operator, order, payment, intent }
    }

    /// The buyer disputes the payment. Returns the dispute.
    async fn disputed(&self) -> String {
        let form = format!("payment_intent={}", self.intent);
        let dispute = self.stage.by_hand("/sandbox/disputes", &form).await;
        id(&dispute).to_owned()
    }

    /// Waits until an operator is told of this alone.
    async fn operators_are_told(&self, what: &str) {
        let told = async || before_operators(&self.stage).await;
        let is_told = |told: &Vec<String>| told.len() == 1 && told[0].contains(what);
        eventually(&format!("operators are told of {what}"), told, is_told).await;
    }

    /// The operator has dealt with it.
    async fn dismiss(&self) {
        let path = format!("/api/payments/{}/attention", id(&self.payment));
        self.stage.seller.send(&delete(path.as_str())).await.expect(403);
        for _ in 0..2 {
            self.operator.send(&delete(path.as_str())).await.expect(204);
        }
        assert_eq!(before_operators(&self.stage).await, Vec::<String>::new());
    }

    /// The movements of the seller's ledger, newest first, with their amounts, and the balance.
    async fn ledger(&self) -> (Vec<(String, i64)>, i64) {
        let ledger = self.stage.seller.get(LEDGER).await.expect(200);
        let line = |item: &Value| {
            (item["movement"].as_str().unwrap().to_owned(), item["amount"].as_i64().unwrap())
        };
        let lines = ledger["items"].as_array().unwrap().iter().map(line).collect();
        (lines, ledger["balances"][0]["closing"].as_i64().unwrap())
    }

    async fn has_ledger(&self, lines: &[(&str, i64)]) {
        let due: Vec<(String, i64)> =
            lines.iter().map(|(movement, amount)| ((*movement).to_owned(), *amount)).collect();
        let sum: i64 = lines.iter().map(|(_, amount)| amount).sum();
        let read = async || self.ledger().await;
        eventually(&format!("the ledger is {due:?}"), read, |read| *read == (due.clone(), sum))
            .await;
    }

    async fn has_status(&self, status: &str) {
        let path = format!("/api/payments?orderId={}", id(&self.order));
        self.stage.buyer.sees(&path, json!({ "items": [{ "status": status }] })).await;
    }
}

/// Two parts are given back at the provider, and then the rest, here. All of it is in the books.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_given_back_by_hand_is_booked() {
    let sold = Sold::set().await;
    let part = format!("payment_intent={}&amount={PART}", sold.intent);
    for (count, lines) in [
        (1, vec![("part_refund", -PART), ("sale", PRICE)]),
        (2, vec![("part_refund", -PART), ("part_refund", -PART), ("sale", PRICE)]),
    ] {
        sold.stage.passes(1).await;
        sold.stage.by_hand("/v1/refunds", &part).await;
        sold.has_ledger(&lines).await;
        let given_back = format!("{count}0.00 of 45.00 EUR was given back at the provider");
        sold.operators_are_told(&given_back).await;
        sold.dismiss().await;
        sold.stage.is_right().await;
    }
    sold.has_status("captured").await;
    let csv = sold.stage.seller.send(&get(format!("{LEDGER}?format=csv"))).await;
    assert!(csv.text.contains("\"part_refund\"") && csv.text.contains("\"-10.00\""), "{csv}");

    sold.stage.passes(1).await;
    sold.stage.seller.send(&refund(&sold.payment, json!({}))).await.expect(200);
    let rest = 2 * PART - PRICE;
    let lines = [("refund", rest), ("part_refund", -PART), ("part_refund", -PART), ("sale", PRICE)];
    sold.has_ledger(&lines).await;
    assert_eq!(sold.stage.given_back(&sold.order).await, PRICE);
    sold.stage.is_right().await;
}

/// The bank takes the money of a dispute that is lost, and with it the seller's.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_dispute_is_booked() {
    let sold = Sold::set().await;
    let dispute = sold.disputed().await;
    sold.operators_are_told("charge.dispute.created").await;
    sold.has_ledger(&[("sale", PRICE)]).await;
    sold.stage.passes(1).await;
    sold.stage.by_hand(&format!("/v1/disputes/{dispute}/close"), "").await;
    sold.has_ledger(&[("dispute", -PRICE), ("sale", PRICE)]).await;
    sold.operators_are_told(&format!("{dispute} lost")).await;
    sold.dismiss().await;
    sold.stage.is_right().await;
}

/// The provider refuses to refund what is disputed. It is asked once, and again only when the dispute
/// was won.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_what_is_disputed_is_not_asked_for_again_and_again() {
    let sold = Sold::set().await;
    let dispute = sold.disputed().await;
    sold.operators_are_told("charge.dispute.created").await;
    let wish = refund(&sold.payment, json!({}));
    for _ in 0..2 {
        sold.stage.seller.send(&wish).await.refuses(409, "disputed");
    }
    sold.has_status("disputed").await;
    sold.operators_are_told("charge_disputed").await;
    let tries = "SELECT failures FROM payments_payments";
    assert_eq!(sold.stage.number(tries), 1);
    for _ in 0..3 {
        sold.stage.passes(3_600).await;
    }
    assert_eq!(sold.stage.number(tries), 1, "nobody asks in vain");
    assert_eq!(sold.stage.given_back(&sold.order).await, 0);

    let won = "evidence[uncategorized_text]=winning_evidence";
    sold.stage.by_hand(&format!("/v1/disputes/{dispute}"), won).await;
    sold.has_status("refunding").await;
    sold.stage.passes(1).await;
    sold.stage.buyer.sees_order(&sold.order, json!({ "status": "refunded" })).await;
    assert_eq!(sold.stage.given_back(&sold.order).await, PRICE);
    sold.has_ledger(&[("refund", -PRICE), ("sale", PRICE)]).await;
    sold.stage.is_right().await;
}
