//! Sales that are undone.

use boxoffice_tests::{Answer, App, Person, check, id, post, row};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::audit::{audit, everything};
use crate::{PRICE, Stage, VISA, bus};

/// Somebody's order of `quantity` tickets, and the payment that was taken for it.
async fn bought(stage: &Stage, buyer: &Person, quantity: i64) -> (Value, Value) {
    let order = buyer.hold_many(&stage.ticket, quantity).await.expect(201);
    let payment = buyer.pay(&order, VISA).await.expect(201)["payment"].clone();
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    bus::event_of(&stage.app, "payment:captured", &payment).await;
    (order, payment)
}

/// The address of a payment's refund.
fn path(payment: &Value) -> String {
    format!("/api/payments/{}/refund", id(payment))
}

/// Has `person` give the money back; `restock`: and sell the tickets again.
async fn refund(person: &Person, payment: &Value, restock: bool) -> Answer {
    person.post(&path(payment), json!({ "restock": restock })).await
}

/// How many events of this name are about `thing`, counted once each by their ids.
async fn told(app: &App, stream: &str, thing: &Value) -> usize {
    let events = bus::events(app, stream).await;
    let ids: std::collections::HashSet<&str> =
        events.iter().filter(|event| event["subject"] == thing["id"]).map(id).collect();
    ids.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_go_back_on_sale_are_sold_again() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let (order, payment) = bought(&stage, buyer, 2).await;
    stage.shows(1, "open").await;
    let due = json!({ "payment": { "id": payment["id"], "status": "refunded" } });
    refund(seller, &payment, true).await.shows(200, due);
    let seen = json!({
        "status": "refunded", "restocked": true, "quantity": 2, "amount": 2 * PRICE,
        "sellerId": seller.id(),
    });
    buyer.sees_order(&order, seen).await;
    stage.shows(3, "open").await;
    let event = bus::event_of(app, "order:refunded", &order).await;
    assert_eq!(event["data"]["status"], "refunded", "{event:#}");
    assert_eq!(event["data"]["restocked"], true, "{event:#}");
    assert_eq!(event["data"]["paymentId"], payment["id"], "{event:#}");
    let [intent] = &app.intents_of(&order).await[..] else { panic!("one purchase, one intent") };
    assert_eq!(intent["status"], "succeeded", "{intent:#}");
    audit(app).await;

    let (again, _) = bought(&stage, other, 3).await;
    stage.shows(0, "sold").await;
    buyer.hold(ticket).await.refuses(409, "sold");
    other.sees_order(&again, json!({ "status": "complete", "quantity": 3 })).await;
    buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    audit(app).await;
}

/// Who bought something else than it is now may have the money back, for two weeks.
#[tokio::test(flavor = "multi_thread")]
async fn buyers_give_back_what_the_seller_has_changed() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let (order, payment) = bought(&stage, buyer, 2).await;
    let (_, others) = bought(&stage, other, 1).await;
    let rows = [row("unchanged", post(path(&payment), json!({})), 403)];
    check(buyer, rows).await;
    let wish = json!({ "title": "Gulls", "price": PRICE, "quantity": 3 });
    let edit = boxoffice_tests::person::listing(wish);
    seller.put(&format!("/api/tickets/{}", id(ticket)), edit).await.expect(200);
    let changed = json!({ "changed": { "was": { "title": ticket["title"] } } });
    buyer.sees_order(&order, changed).await;
    let foreign = [row("somebody else's", post(path(&payment), json!({})), 403)];
    check(other, foreign).await;
    let due = json!({ "payment": { "id": payment["id"], "status": "refunded" } });
    buyer.post(&path(&payment), json!({})).await.shows(200, due);
    let seen = json!({ "status": "refunded", "restocked": true });
    let seen = buyer.sees_order(&order, seen).await;
    assert!(seen["changed"].get("refundableUntil").is_none(), "{seen:#}");
    stage.shows(2, "open").await;
    // Sessions do not last for two weeks.
    app.database().execute("UPDATE orders_listings SET changed_at = 1").unwrap();
    check(other, [row("two weeks later", post(path(&others), json!({})), 403)]).await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_stay_off_sale_count_as_sold() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let (order, payment) = bought(&stage, buyer, 2).await;
    refund(seller, &payment, false).await.expect(200);
    let seen = buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    assert!(seen.get("restocked").is_none(), "{seen:#}");
    let event = bus::event_of(app, "order:refunded", &order).await;
    assert!(event["data"].get("restocked").is_none(), "{event:#}");
    bus::done(app, "order:refunded").await;
    stage.shows(1, "open").await;
    other.hold_many(ticket, 2).await.refuses(409, "not_enough");
    bought(&stage, other, 1).await;
    stage.shows(0, "sold").await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_seller_undoes_a_sale() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, buyer, other, .. } = &stage;
    let (order, payment) = bought(&stage, buyer, 1).await;
    let good = || post(path(&payment), json!({ "restock": true }));
    let before = everything(app);
    check(&app.client(), [row("nobody", good(), 401)]).await;
    check(buyer, [row("the buyer", good(), 403)]).await;
    check(other, [row("a stranger", good(), 403)]).await;
    let none = "/api/payments/01980f3c-0000-7000-8000-000000000000/refund";
    let rows = [
        row("no such payment", post(none, json!({})), 404),
        row("no reason", post(path(&payment), json!({ "reason": "regret" })), 400),
        row("no answer", post(path(&payment), json!({ "restock": "yes" })), 400),
        row("another member", post(path(&payment), json!({ "amount": 1 })), 400),
    ];
    check(seller, rows).await;
    assert_eq!(everything(app), before);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_undone_once() {
    let stage = Stage::set(4).await;
    let Stage { app, seller, buyer, .. } = &stage;
    let (order, payment) = bought(&stage, buyer, 1).await;
    bought(&stage, &stage.other, 1).await;
    let answers = join_all((0..8).map(|_| refund(seller, &payment, true))).await;
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 202), "{answer}");
    }
    buyer.sees_order(&order, json!({ "status": "refunded", "restocked": true })).await;
    stage.shows(3, "open").await;
    // What was decided stays so, whatever is asked for now.
    refund(seller, &payment, false).await.expect(200);
    refund(seller, &payment, true).await.expect(200);
    buyer.sees_order(&order, json!({ "status": "refunded", "restocked": true })).await;
    assert_eq!(told(app, "payment:refunded", &payment).await, 1);
    assert_eq!(told(app, "order:refunded", &order).await, 1);
    let heard = [
        bus::event_of(app, "payment:refunded", &payment).await,
        bus::event_of(app, "order:refunded", &order).await,
        bus::event_of(app, "order:completed", &order).await,
        bus::event_of(app, "payment:created", &payment).await,
    ];
    audit(app).await;
    // And told again, it changes nothing.
    let before = everything(app);
    for event in &heard {
        bus::send(app, event).await;
        bus::done(app, event["type"].as_str().unwrap()).await;
    }
    assert_eq!(everything(app), before);
    stage.shows(3, "open").await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refunded_cannot_be_paid_or_cancelled() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, buyer, .. } = &stage;
    let (order, payment) = bought(&stage, buyer, 1).await;
    refund(seller, &payment, true).await.expect(200);
    buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    buyer.pay(&order, VISA).await.refuses(409, "refunded");
    buyer.cancel(&order).await.refuses(409, "refunded");
    stage.shows(1, "open").await;
    assert_eq!(app.intents_of(&order).await.len(), 1);
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_listing_stays_withdrawn() {
    let stage = Stage::set(2).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let (order, payment) = bought(&stage, buyer, 1).await;
    seller.delete(&format!("/api/tickets/{}", id(ticket))).await.expect(204);
    bus::done(app, "ticket:updated").await;
    refund(seller, &payment, true).await.expect(200);
    buyer.sees_order(&order, json!({ "status": "refunded", "restocked": true })).await;
    bus::done(app, "order:refunded").await;
    seller.sees_ticket(ticket, json!({ "available": 0, "status": "withdrawn" })).await;
    other.hold(ticket).await.refuses(409, "withdrawn");
    audit(app).await;
}

/// Money that nobody took for this order undoes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn another_payments_refund_undoes_no_sale() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, .. } = &stage;
    let (order, _) = bought(&stage, buyer, 1).await;
    audit(app).await;
    let before = everything(app);
    let payment = json!("01980f3c-0000-7000-8000-00000000dead");
    let data = json!({
        "id": payment, "version": 4, "orderId": order["id"], "amount": PRICE, "currency": "EUR",
        "restock": true,
    });
    bus::send(app, &bus::forged(app, "payment:refunded", &payment, data)).await;
    bus::done(app, "payment:refunded").await;
    assert_eq!(everything(app), before);
    stage.shows(0, "sold").await;
    audit(app).await;
}

/// The news of a refund waits for Redis; the refund does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_without_redis_is_heard_of_later() {
    let mut stage = Stage::set(1).await;
    let (order, payment) = bought(&stage, &stage.buyer, 1).await;
    audit(&stage.app).await;
    stage.app.stop_redis();
    refund(&stage.seller, &payment, true).await.expect(200);
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.app.start_redis();
    bus::listens(&stage.app).await;
    audit(&stage.app).await;
    stage.buyer.sees_order(&order, json!({ "status": "refunded", "restocked": true })).await;
    stage.shows(1, "open").await;
}
