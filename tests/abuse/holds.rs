//! Tickets that one buyer keeps from others for nothing.

use boxoffice_tests::{App, Person, id, post};
use futures::future::join_all;
use serde_json::{Value, json};

const HOLD: u64 = 900;

/// A listing of which one buyer may have as many as sellers allow who say nothing of it.
async fn listing(app: &App, quantity: i64) -> Value {
    let wish = json!({ "quantity": quantity, "maxPerBuyer": 10 });
    app.sign_up().await.list(wish).await.expect(201)
}

fn hold(ticket: &Value, quantity: i64) -> boxoffice_tests::Request {
    post("/api/orders", json!({ "ticketId": id(ticket), "quantity": quantity }))
}

/// How many of `count` holds at once are made of `tickets` in turn.
async fn made(buyer: &Person, tickets: &[Value], count: usize) -> usize {
    let hold = async |n: usize| {
        let request = hold(&tickets[n % tickets.len()], 1);
        buyer.send(&request).await.status
    };
    let got = join_all((0..count).map(hold)).await;
    got.iter().filter(|status| **status == 201).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_has_as_many_as_the_seller_allows() {
    let app = App::start().await;
    let ticket = listing(&app, 1_000).await;
    let buyer = app.sign_up().await;
    buyer.hold_many(&ticket, 1_000).await.refuses(409, "too_many_for_one");
    buyer.hold_many(&ticket, 11).await.refuses(409, "too_many_for_one");
    buyer.buy(&ticket, 4).await;
    buyer.hold_many(&ticket, 7).await.refuses(409, "too_many_for_one");
    let order = buyer.hold_many(&ticket, 6).await.expect(201);
    buyer.hold(&ticket).await.refuses(409, "too_many_for_one");
    buyer.send(&boxoffice_tests::delete(format!("/api/orders/{}", id(&order)))).await.expect(204);
    buyer.hold_many(&ticket, 6).await.expect(201);
    app.sign_up().await.hold_many(&ticket, 10).await.expect(201);
    let few = json!({ "quantity": 10, "maxPerBuyer": 2 });
    let few = app.sign_up().await.list(few).await.expect(201);
    buyer.hold_many(&few, 3).await.refuses(409, "too_many_for_one");
    buyer.hold_many(&few, 2).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_at_once_do_not_pass_a_limit_together() {
    let app = App::start().await;
    let ticket = listing(&app, 1_000).await;
    let buyer = app.sign_up().await;
    let made = made(&buyer, std::slice::from_ref(&ticket), 40).await;
    assert!((1..=10).contains(&made), "{made} of 40 were made");
    buyer.sees_ticket(&ticket, json!({ "available": 1_000 - made })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn few_holds_of_an_account_are_open_at_once() {
    let app = App::start_with([("open_holds_per_buyer", "10")]).await;
    let mut tickets = Vec::new();
    for _ in 0..15 {
        tickets.push(listing(&app, 5).await);
    }
    let buyer = app.sign_up().await;
    assert!(made(&buyer, &tickets, 60).await <= 10);
    for ticket in &tickets {
        // One after the other gets what is left.
        buyer.send(&hold(ticket, 1)).await;
    }
    let open = buyer.get("/api/orders?limit=100").await.expect(200);
    assert_eq!(open["items"].as_array().unwrap().len(), 10);
    let another = listing(&app, 5).await;
    buyer.hold(&another).await.refuses(409, "too_many_holds");
    let paid = open["items"][0].clone();
    buyer.pay(&paid, "pm_card_visa").await.expect(201);
    buyer.sees_order(&paid, json!({ "status": "complete" })).await;
    buyer.hold(&another).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_grow_with_holds_that_ran_out() {
    let app = App::start_with([("holds_forgiven", "2")]).await;
    let ticket = listing(&app, 1_000).await;
    let buyer = app.sign_up().await;
    let runs_out = async || {
        let order = buyer.hold(&ticket).await.expect(201);
        app.advance(HOLD);
        app.tick().await;
        buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
    };
    for _ in 0..3 {
        runs_out().await;
    }
    let refused = buyer.hold(&ticket).await;
    assert_eq!(refused.header("retry-after"), "300");
    refused.refuses(429, "too_many_holds");
    app.sign_up().await.hold(&ticket).await.expect(201);
    app.advance(300);
    runs_out().await;
    let refused = buyer.hold(&ticket).await;
    assert_eq!(refused.header("retry-after"), "600");
    app.advance(600);
    // Who buys has not held for nothing.
    buyer.buy(&ticket, 1).await;
    buyer.hold(&ticket).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_in_a_row_are_few() {
    let app = App::start_with([("holds_per_buyer", "5")]).await;
    let ticket = listing(&app, 1_000).await;
    let buyer = app.sign_up().await;
    for _ in 0..5 {
        let order = buyer.hold(&ticket).await.expect(201);
        let path = format!("/api/orders/{}", id(&order));
        buyer.send(&boxoffice_tests::delete(path)).await.expect(204);
    }
    let refused = buyer.hold(&ticket).await;
    assert_eq!(refused.header("retry-after"), "600");
    refused.refuses(429, "too_many_holds");
    app.advance(601);
    buyer.hold(&ticket).await.expect(201);
}
