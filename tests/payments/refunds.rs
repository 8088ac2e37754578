//! Who may refund what, and what becomes of the provider's silence.

use boxoffice_sandbox::Delivery;
use boxoffice_tests::provider::Mood;
use boxoffice_tests::{check, id, row};
use serde_json::json;

use crate::reconciling::before_operators;
use crate::signatures::{event, secret};
use crate::stage::{Card, PRICE, Stage, refund};

const CHARGE_REFUNDED: &str = include_str!("events/charge_refunded.json");
const REFUND_FAILED: &str = include_str!("events/refund_failed.json");
const DISPUTE_CREATED: &str = include_str!("events/dispute_created.json");
const DISPUTE_WON: &str = include_str!("events/dispute_won.json");

#[tokio::test(flavor = "multi_thread")]
async fn only_who_sold_may_refund_and_only_what_was_sold() {
    let stage = Stage::with_sandbox().await;
    let (order, payment) = stage.sold().await;
    let good = refund(&payment, json!({}));
    let none = json!({ "id": "01980f3c-0000-7000-8000-000000000000" });
    let rows = [
        row("no such payment", refund(&none, json!({})), 404),
        row("no such reason", refund(&payment, json!({ "reason": "spite" })), 400),
        row("a part of it", refund(&payment, json!({ "amount": 1 })), 400),
        row("not JSON", good.clone().untyped(), 415),
    ];
    check(&stage.seller, rows).await;
    check(&stage.buyer, [row("the buyer", good.clone(), 403)]).await;
    check(&stage.app.client(), [row("nobody", good.clone(), 401)]).await;
    let stranger = stage.app.sign_up().await;
    check(&stranger, [row("a stranger", good.clone(), 403)]).await;

    let given_up = stage.hold().await;
    let waiting = stage.pay_asked(&given_up, Card::Asks).await;
    let refused = |name| row(name, refund(&waiting, json!({})), 409).code("not_sold");
    check(&stage.seller, [refused("not paid yet")]).await;
    stage.buyer.cancel(&given_up).await.expect(204);
    stage.has_intents(&given_up, &["canceled"]).await;
    check(&stage.seller, [refused("never sold")]).await;

    assert_eq!(stage.given_back(&order).await, 0);
    stage.seller.send(&good).await.expect(200);
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    stage.is_right().await;
}

/// The provider would block the card: a seller must not be able to do that to a buyer.
#[tokio::test(flavor = "multi_thread")]
async fn only_operators_say_that_a_card_was_not_its_buyers() {
    let mut stage = Stage::with_sandbox().await;
    let (order, payment) = stage.sold().await;
    let wish = refund(&payment, json!({ "reason": "fraudulent" }));
    let refused = stage.seller.send(&wish).await.expect(403);
    assert!(refused["detail"].as_str().unwrap().contains("Only an operator"), "{refused}");
    assert_eq!(stage.given_back(&order).await, 0);
    stage.operator().await.send(&wish).await.expect(200);
    assert_eq!(stage.given_back(&order).await, PRICE);
}

/// Operators need not be anyone's seller.
#[tokio::test(flavor = "multi_thread")]
async fn operators_refund_for_anyone() {
    let mut stage = Stage::with_sandbox().await;
    let (order, payment) = stage.sold().await;
    let operator = stage.app.sign_up().await;
    let wish = refund(&payment, json!({ "restock": true }));
    operator.send(&wish).await.expect(403);
    let operators = format!("01980f3c-0000-7000-8000-000000000000, {}", operator.id());
    stage.app.variables.insert("operators".into(), operators);
    stage.app.restart().await;
    let address = stage.app.host().address();
    let operator = operator.at(address);
    operator.send(&wish).await.refuses(403, "second_factor_needed");
    let (operator, codes, _) = stage.app.protect(operator).await;
    stage.app.advance(15 * 60 + 1);
    operator.send(&wish).await.refuses(403, "confirm_again");
    let operator = stage.app.confirm(operator, &codes).await;
    operator.send(&wish).await.expect(200);
    stage.buyer = stage.buyer.at(address);
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    stage.is_right().await;
}

/// The money is still being taken: there is nothing to give back yet.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_captured_cannot_be_refunded_yet() {
    let stage = Stage::with_sandbox().await;
    let order = stage.hold().await;
    stage.provider.be(Mood::DeafTo("/capture"));
    let payment = stage.pay(&order, Card::Good).await.expect(201)["payment"].clone();
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let wish = refund(&payment, json!({}));
    stage.seller.send(&wish).await.refuses(409, "not_captured");
    stage.provider.be(Mood::Normal);
    stage.passes(60).await;
    stage.is_bought(&order).await;
    stage.seller.send(&wish).await.expect(200);
    assert_eq!(stage.given_back(&order).await, PRICE);
    stage.is_right().await;
}

/// The provider is away when the seller asks; nobody has to ask again.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_made_good_by_ticks() {
    let stage = Stage::with_sandbox().await;
    let (order, payment) = stage.sold().await;
    stage.provider.be(Mood::Deaf);
    let under_way = json!({ "payment": { "status": "refunding" } });
    let wish = refund(&payment, json!({ "restock": true }));
    stage.seller.send(&wish).await.shows(202, under_way);
    stage.passes(60).await;
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.provider.be(Mood::Normal);
    stage.passes(600).await;
    stage.buyer.sees_order(&order, json!({ "status": "refunded", "restocked": true })).await;
    assert_eq!(stage.given_back(&order).await, PRICE);
    stage.is_right().await;
}

/// Disputes, and refunds that do not arrive, are for people; what is repeated changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_people_can_deal_with_is_put_before_them() {
    let stage = Stage::with_sandbox().await;
    let (order, payment) = stage.sold().await;
    let intent = stage.intents(&order).await.remove(0);
    let tell = async |shape, number| {
        let event = event(shape, number, &intent, &payment);
        let request = stage.app.signed(&event, &secret(&stage));
        check(&stage.app.client(), [row("told", request.clone(), 200), row("again", request, 200)])
            .await;
    };
    tell(DISPUTE_CREATED, 1).await;
    let [dispute] = before_operators(&stage).await.try_into().unwrap();
    assert!(dispute.contains("du_1MtJUT2eZvKYlo2CNaw2HvEv needs_response fraudulent"), "{dispute}");
    tell(DISPUTE_WON, 2).await;
    stage.is_right().await;
    stage.seller.send(&refund(&payment, json!({}))).await.expect(200);
    tell(CHARGE_REFUNDED, 3).await;
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    stage.is_right().await;
    tell(REFUND_FAILED, 4).await;
    let [failure] = before_operators(&stage).await.try_into().unwrap();
    assert!(failure.contains("refund.failed") && failure.contains(id(&payment)), "{failure}");
}

/// What an operator gave back at the provider is found out by its webhook, or, where that never came,
/// when the seller asks for the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refunded_by_hand_is_refunded_here() {
    let stage = Stage::with_sandbox().await;
    stage.hear_webhooks().await;
    stage.app.sandbox().deliver_webhooks(Delivery::Held);
    let by_hand = async |order| {
        let intent = stage.intents(order).await.remove(0);
        stage.by_hand("/v1/refunds", &format!("payment_intent={}", id(&intent))).await;
    };
    let (told, _) = stage.sold().await;
    let (untold, payment) = stage.sold().await;
    by_hand(&untold).await;
    stage.seller.send(&refund(&payment, json!({}))).await.expect(200);
    stage.buyer.sees_order(&untold, json!({ "status": "refunded" })).await;
    by_hand(&told).await;
    stage.app.sandbox().deliver_webhooks(Delivery::Prompt);
    stage.buyer.sees_order(&told, json!({ "status": "refunded" })).await;
    for order in [&told, &untold] {
        assert_eq!(stage.given_back(order).await, PRICE);
    }
    stage.is_right().await;
}
