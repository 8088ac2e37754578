//! Buyers who give their holds up.

use serde_json::json;

use crate::audit::audit;
use crate::bus;
use crate::{Stage, VISA};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cancel_never_frees_the_others_hold() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let mine = buyer.hold(ticket).await.expect(201);
    buyer.cancel(&mine).await.expect(204);
    buyer.sees_order(&mine, json!({ "status": "cancelled", "cancelReason": "buyer" })).await;
    stage.shows(1, "open").await;
    let theirs = other.hold(ticket).await.expect(201);
    buyer.cancel(&mine).await.expect(204);
    buyer.hold(ticket).await.refuses(409, "reserved");
    stage.shows(0, "held").await;
    other.pay(&theirs, VISA).await.expect(201);
    other.sees_order(&theirs, json!({ "status": "complete" })).await;
    buyer.cancel(&mine).await.expect(204);
    audit(app).await;
    stage.shows(0, "sold").await;
    assert_eq!(bus::events(app, "payment:refunded").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_frees_exactly_what_was_held() {
    let stage = Stage::set(6).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let mine = buyer.hold_many(ticket, 2).await.expect(201);
    let theirs = other.hold_many(ticket, 3).await.expect(201);
    stage.shows(1, "open").await;
    buyer.cancel(&mine).await.expect(204);
    stage.shows(3, "open").await;
    buyer.cancel(&mine).await.expect(204);
    bus::done(app, "order:cancelled").await;
    stage.shows(3, "open").await;
    other.sees_order(&theirs, json!({ "status": "created", "quantity": 3 })).await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_cancel_a_completed_order() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    other.cancel(&order).await.shows(403, json!({ "status": 403 }));
    buyer.pay(&order, VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    buyer.cancel(&order).await.refuses(409, "complete");
    other.cancel(&order).await.shows(403, json!({ "status": 403 }));
    audit(app).await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_pays_for_what_they_gave_up() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    buyer.cancel(&order).await.expect(204);
    buyer.pay(&order, VISA).await.refuses(409, "cancelled");
    assert!(app.sandbox_intents().await.is_empty());
    audit(app).await;
}
