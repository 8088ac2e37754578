//! Cards that are declined.

use boxoffice_tests::id;
use serde_json::json;

use crate::audit::audit;
use crate::bus;
use crate::{PRICE, Stage, VISA};

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_keeps_the_hold_and_another_card_buys() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    buyer.pay(&order, "pm_card_chargeDeclined").await.refuses(402, "generic_decline");
    buyer
        .pay(&order, "pm_card_chargeDeclinedInsufficientFunds")
        .await
        .refuses(402, "insufficient_funds");
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "awaiting:payment" })).await;
    other.hold(ticket).await.refuses(409, "reserved");
    buyer.pay(&order, VISA).await.shows(201, json!({ "payment": { "amount": PRICE } }));
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
    audit(app).await;
    let intents = app.intents_of(&order).await;
    let taken: i64 = intents.iter().filter_map(|i| i["amount_received"].as_i64()).sum();
    assert_eq!(taken, PRICE, "{intents:#?}");
    assert!(bus::events(app, "payment:declined").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn five_declines_end_the_order() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let order = buyer.hold_many(ticket, 2).await.expect(201);
    for attempt in 1..=5 {
        let answer = buyer.pay(&order, "pm_card_chargeDeclined").await;
        let answer = answer.refuses(402, "generic_decline");
        let stays = answer.body["detail"].as_str().unwrap().contains("Your hold stays");
        assert_eq!(stays, attempt < 5, "only the last decline ends the hold: {answer}");
    }
    buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "declined" })).await;
    stage.shows(2, "open").await;
    buyer.pay(&order, VISA).await.refuses(409, "cancelled");
    let second = other.hold_many(ticket, 2).await.expect(201);
    other.pay(&second, VISA).await.expect(201);
    other.sees_order(&second, json!({ "status": "complete" })).await;
    audit(app).await;
    let declined = bus::events(app, "payment:declined").await;
    assert!(declined.iter().all(|event| event["data"]["orderId"] == id(&order)), "{declined:#?}");
    for intent in app.intents_of(&order).await {
        assert_eq!(intent["amount_received"], 0, "{intent:#}");
        assert_eq!(intent["amount_capturable"], 0, "{intent:#}");
    }
}

/// Declines count for their own order only.
#[tokio::test(flavor = "multi_thread")]
async fn declines_of_one_order_do_not_count_for_another() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let (first, second) =
        (buyer.hold(ticket).await.expect(201), buyer.hold(ticket).await.expect(201));
    for order in [&first, &second] {
        for _ in 0..4 {
            buyer.pay(order, "pm_card_chargeDeclined").await.refuses(402, "generic_decline");
        }
    }
    for order in [&first, &second] {
        buyer.pay(order, VISA).await.expect(201);
        buyer.sees_order(order, json!({ "status": "complete" })).await;
    }
    audit(app).await;
}

/// `orders` cannot hear that the order was declined too often; a sixth card is refused all the same.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_tries_a_sixth_card() {
    let mut stage = Stage::set(1).await;
    bus::done(&stage.app, "ticket:created").await;
    stage.app.stop_redis();
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    for _ in 0..5 {
        buyer.pay(&order, "pm_card_chargeDeclined").await.refuses(402, "generic_decline");
    }
    buyer.sees_order(&order, json!({ "status": "awaiting:payment" })).await;
    buyer.pay(&order, VISA).await.refuses(409, "cancelled");
    assert!(app.intents_of(&order).await.iter().all(|intent| intent["amount_capturable"] == 0));
    stage.app.start_redis();
    let Stage { app, buyer, .. } = &stage;
    bus::listens(app).await;
    audit(app).await;
    buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "declined" })).await;
    stage.shows(1, "open").await;
}
