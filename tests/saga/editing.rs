//! Sellers who change what is being bought.

use std::time::Duration;

use boxoffice_tests::person::listing;
use boxoffice_tests::{Answer, Person, delete, id, put};
use futures::future::{join, join_all};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::bus;
use crate::{PRICE, Stage, VISA, count, crowd};

/// Replaces a listing.
async fn edit(seller: &Person, ticket: &Value, wish: Value) -> Answer {
    seller.send(&put(format!("/api/tickets/{}", id(ticket)), listing(wish))).await
}

/// A hold keeps its price and its tickets, whatever the seller makes of the listing.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_does_not_bind_the_seller() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let order = buyer.hold_many(ticket, 2).await.expect(201);
    let fewer = edit(seller, ticket, json!({ "price": 9900, "quantity": 1 })).await;
    assert_eq!((fewer.status, fewer.fields()), (400, vec!["quantity"]), "{fewer}");
    let dollars = json!({ "price": PRICE, "quantity": 3, "currency": "USD" });
    let dollars = edit(seller, ticket, dollars).await;
    assert_eq!((dollars.status, dollars.fields()), (400, vec!["currency"]), "{dollars}");
    edit(seller, ticket, json!({ "price": 9900, "quantity": 3 }))
        .await
        .shows(200, json!({ "price": 9900, "available": 1, "status": "open" }));
    let second = other.hold(ticket).await.shows(201, json!({ "amount": 9900 })).body;
    let due = json!({ "payment": { "amount": 2 * PRICE } });
    buyer.pay(&order, VISA).await.shows(201, due);
    buyer.sees_order(&order, json!({ "status": "complete", "amount": 2 * PRICE })).await;
    other.cancel(&second).await.expect(204);
    bus::done(app, "order:cancelled").await;
    audit(app).await;
    stage.shows(1, "open").await;
}

/// Withdrawing ends the sale at once, and lets a hold end as it was promised.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_of_a_withdrawn_listing_can_be_paid() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    let given_up = other.hold(ticket).await.expect(201);
    seller.send(&delete(format!("/api/tickets/{}", id(ticket)))).await.expect(204);
    let late = app.sign_up().await.hold(ticket).await;
    assert_eq!(late.status, 409, "{late}");
    buyer.pay(&order, VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    other.cancel(&given_up).await.expect(204);
    bus::done(app, "ticket:updated").await;
    other.hold(ticket).await.refuses(409, "withdrawn");
    audit(app).await;
    seller.sees_ticket(ticket, json!({ "status": "withdrawn", "available": 0 })).await;
}

/// The end of a hold is told after the edit that it made possible: it counts once.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_before_the_news_of_what_allowed_it() {
    let mut stage = Stage::set(2).await;
    let order = stage.buyer.hold(&stage.ticket).await.expect(201);
    stage.shows(1, "open").await;
    stage.app.stop_redis();
    let Stage { seller, buyer, ticket, .. } = &stage;
    buyer.cancel(&order).await.expect(204);
    edit(seller, ticket, json!({ "price": 9900, "quantity": 2 }))
        .await
        .shows(200, json!({ "price": 9900, "available": 2 }));
    stage.app.start_redis();
    bus::listens(&stage.app).await;
    audit(&stage.app).await;
    stage.shows(2, "open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_keeps_its_price() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket, .. } = &stage;
    let first = buyer.hold_many(ticket, 2).await.expect(201);
    buyer.pay(&first, VISA).await.expect(201);
    buyer.sees_order(&first, json!({ "status": "complete" })).await;
    let wish = json!({ "title": "Dearer", "price": 9900, "quantity": 3 });
    edit(seller, ticket, wish).await.shows(200, json!({ "price": 9900, "available": 1 }));
    bus::done(app, "ticket:updated").await;
    let second = other.hold(ticket).await.shows(201, json!({ "amount": 9900 })).body;
    other.pay(&second, VISA).await.shows(201, json!({ "payment": { "amount": 9900 } }));
    other.sees_order(&second, json!({ "status": "complete", "amount": 9900 })).await;
    let was = json!({
        "amount": 2 * PRICE, "ticket": { "title": "Dearer", "price": PRICE },
        "changed": { "was": { "title": ticket["title"] } },
    });
    buyer.sees_order(&first, was).await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_listing_has_fewer_tickets_than_are_sold() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket, .. } = &stage;
    let order = buyer.hold_many(ticket, 2).await.expect(201);
    buyer.pay(&order, VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let refused = edit(seller, ticket, json!({ "price": PRICE, "quantity": 1 })).await;
    assert_eq!((refused.status, refused.fields()), (400, vec!["quantity"]), "{refused}");
    // Nothing has changed, so what is left can be had; at the latest when the shop has made sure.
    app.advance(10);
    let rest = other.hold(ticket).await.expect(201);
    other.cancel(&rest).await.expect(204);
    bus::done(app, "order:cancelled").await;
    edit(seller, ticket, json!({ "price": PRICE, "quantity": 2 }))
        .await
        .shows(200, json!({ "available": 0, "status": "sold" }));
    audit(app).await;
    other.hold(ticket).await.refuses(409, "sold");
}

/// While a crowd holds, the seller reduces the quantity and raises the price. Each hold has the price of
/// its side of the change, and together they are never more than there are tickets.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_against_a_crowd() {
    const ROUNDS: usize = 20;
    let stage = Stage::set(1).await;
    let Stage { app, seller, .. } = &stage;
    let people = crowd(app, 4).await;
    let mut changes = 0;
    for round in 0..ROUNDS {
        let ticket = seller.list(json!({ "price": PRICE, "quantity": 4 })).await.expect(201);
        if round % 2 == 0 {
            bus::done(app, "ticket:created").await;
        }
        let wish = json!({ "price": 2 * PRICE, "quantity": 2 });
        // One after the other, a moment apart; the first with the change, or just after it.
        let crowd = people.iter().enumerate().map(async |(place, person)| {
            tokio::time::sleep(Duration::from_millis((place + round % 2) as u64)).await;
            person.hold(&ticket).await
        });
        let (change, holds) = join(edit(seller, &ticket, wish), join_all(crowd)).await;
        let changed = match change.status {
            200 => true,
            _ => {
                assert_eq!((change.status, change.fields()), (400, vec!["quantity"]), "{change}");
                false
            }
        };
        changes += usize::from(changed);
        let statuses: Vec<u16> = holds.iter().map(|hold| hold.status).collect();
        assert_eq!(count(&statuses, 201) + count(&statuses, 409), 4, "{statuses:?}");
        let (least, most) = if changed { (0, 2) } else { (3, 4) };
        let held = count(&statuses, 201);
        assert!((least..=most).contains(&held), "changed: {changed}, {statuses:?}");
        for (person, hold) in people.iter().zip(&holds).filter(|(_, hold)| hold.status == 201) {
            let due = &hold.body["amount"];
            let is_due = *due == PRICE || changed && *due == 2 * PRICE;
            assert!(is_due, "changed: {changed}, {hold}");
            person.pay(&hold.body, VISA).await.shows(201, json!({ "payment": { "amount": due } }));
        }
    }
    println!("{changes} of {ROUNDS} changes came first");
    audit(app).await;
}

/// Redis is away, so `orders` does not hear of the change; the time for which it was asked to wait
/// passes. It must not sell what is not for sale any more, nor at yesterday's price.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_though_nobody_hears_of_it() {
    let mut stage = Stage::set(3).await;
    bus::done(&stage.app, "ticket:created").await;
    stage.app.stop_redis();
    let Stage { app, seller, buyer, other, ticket } = &stage;
    edit(seller, ticket, json!({ "price": 2 * PRICE, "quantity": 1 })).await.expect(200);
    app.advance(60);
    buyer.hold_many(ticket, 3).await.refuses(409, "not_enough");
    let order = buyer.hold(ticket).await.shows(201, json!({ "amount": 2 * PRICE })).body;
    other.hold(ticket).await.refuses(409, "reserved");
    stage.app.start_redis();
    let Stage { app, buyer, .. } = &stage;
    bus::listens(app).await;
    audit(app).await;
    buyer.pay(&order, VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_is_not_sold_though_nobody_hears_of_it() {
    let mut stage = Stage::set(3).await;
    bus::done(&stage.app, "ticket:created").await;
    stage.app.stop_redis();
    let Stage { app, seller, buyer, ticket, .. } = &stage;
    seller.send(&delete(format!("/api/tickets/{}", id(ticket)))).await.expect(204);
    app.advance(60);
    buyer.hold(ticket).await.refuses(409, "withdrawn");
    stage.app.start_redis();
    bus::listens(&stage.app).await;
    audit(&stage.app).await;
}

/// `tickets` has not heard of a sale yet when it asks `orders` whether the listing may be edited.
/// Whatever it learns by that, the events that come after it do not count the sale a second time.
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_during_an_edit_is_counted_once() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, ticket, .. } = &stage;
    bus::done(app, "ticket:created").await;
    // Nobody hears a doorbell but those for whom it is rung here.
    bus::forbid(app, "publish").await;
    let order = buyer.hold(ticket).await.expect(201);
    let paid = buyer.pay(&order, VISA).await.expect(201);
    let paid = bus::event_of(app, "payment:created", &paid["payment"]).await;
    bus::allow(app, "publish").await;
    bus::forbid(app, "xadd").await;
    bus::ring(app, &paid).await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    edit(seller, ticket, json!({ "price": 9900, "quantity": 3 })).await.expect(200);
    bus::allow(app, "xadd").await;
    audit(app).await;
    stage.shows(2, "open").await;
}
