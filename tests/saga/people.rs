//! Accounts that may not be used any more, in the midst of what they were doing.

use boxoffice_tests::{App, Person, eventually, post};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::{PRICE, Stage, VISA};

/// Suspends the account of `person`.
async fn suspend(app: &App, person: &Person) {
    let operation = json!({
        "account": person.id(), "deed": "suspend", "reason": "a test", "operator": "root"
    });
    let request = app.as_sibling(post("/api/users/operations", operation));
    app.client().send(&request).await.shows(200, json!({ "changed": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holds_of_a_suspended_buyer_end() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    buyer.hold_many(ticket, 2).await.expect(201);
    let theirs = other.hold(ticket).await.expect(201);
    stage.shows(0, "held").await;
    suspend(app, buyer).await;
    seller.sees_ticket(ticket, json!({ "available": 2, "status": "open" })).await;
    other.pay(&theirs, VISA).await.expect(201);
    other.sees_order(&theirs, json!({ "status": "complete" })).await;
    app.advance(61);
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_sellers_listings_go_and_what_was_bought_stays() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let bought = buyer.buy(ticket, 1).await;
    // Who is at the checkout may still pay, as after any withdrawal.
    let held = other.hold(ticket).await.expect(201);
    suspend(app, seller).await;
    buyer.sees_ticket(ticket, json!({ "available": 0, "status": "withdrawn" })).await;
    // `tickets` knows a moment before `orders` does.
    let hold = async || buyer.hold(ticket).await.status;
    eventually("nothing can be held", hold, |status| *status == 409).await;
    other.pay(&held, VISA).await.expect(201);
    for (person, order) in [(buyer, &bought), (other, &held)] {
        person.sees_order(order, json!({ "status": "complete" })).await;
        person.admissions(order, 1).await;
    }
    app.advance(61);
    audit(app).await;
}

/// The hold ends, or the sale is made: never is money kept for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_under_way_ends_well() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    let pay = buyer.pay(&order, VISA);
    let (paid, ()) = tokio::join!(pay, suspend(app, buyer));
    let settled = async || app.intents_of(&order).await;
    let is_settled = |intents: &Vec<Value>| {
        let is_over =
            |intent: &Value| intent["status"] == "succeeded" || intent["status"] == "canceled";
        intents.iter().all(is_over)
    };
    let intents = eventually("the money is taken or let go", settled, is_settled).await;
    let is_sold = intents.iter().any(|intent| intent["amount_received"] == PRICE);
    let status = if is_sold { "sold" } else { "open" };
    seller.sees_ticket(ticket, json!({ "status": status })).await;
    assert!(paid.status < 500, "{paid}");
    app.advance(61);
    audit(app).await;
}
