//! `Idempotency-Key`: the same request twice, or twenty times at once, is one request.

use boxoffice_tests::person::{PASSWORD, listing};
use boxoffice_tests::{Answer, App, Person, Request, check, delete, get, id, post, put, row};
use futures::future::join_all;
use serde_json::{Value, json};

const SIGN_UP: &str = "/api/users/signUp";

fn sign_up(email: &str, password: &str) -> Request {
    post(SIGN_UP, json!({ "email": email, "password": password }))
}

fn order(ticket: &Value, quantity: i64) -> Request {
    post("/api/orders", json!({ "ticketId": ticket["id"], "quantity": quantity }))
}

fn payment(order: &Value, token: &str) -> Request {
    post("/api/payments", json!({ "orderId": order["id"], "token": token }))
}

fn edit(ticket: &Value, title: &str) -> Request {
    put(path("tickets", ticket), listing(json!({ "title": title })))
}

fn path(kind: &str, thing: &Value) -> String {
    format!("/api/{kind}/{}", id(thing))
}

/// Sends `request` twice with one key: the second answer is the first, given again.
async fn same_twice(person: &Person, request: &Request) -> Answer {
    let request = request.clone().key("a key");
    let first = person.send(&request).await;
    assert!((200..300).contains(&first.status) && !first.is_replay(), "{first}");
    let second = person.send(&request).await;
    assert_eq!(second.status, first.status, "{second}");
    assert_eq!(second.text, first.text, "{second}");
    assert!(second.is_replay(), "{second}");
    for header in ["location", "etag", "content-type"] {
        assert_eq!(second.header(header), first.header(header), "{header}: {second}");
    }
    second
}

/// How many listings or orders `person` sees.
async fn count(person: &Person, path: &str) -> usize {
    person.get(path).await.expect(200)["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeated_sign_up_is_one_and_signs_in_again() {
    let app = App::start().await;
    let request = sign_up("ada@example.com", PASSWORD);
    let ada = app.client().signed_in_by(same_twice(&app.client(), &request).await, 201);
    ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": ada.account }));
    let rows = [
        row("the same key for another", sign_up("bob@example.com", PASSWORD).key("a key"), 409)
            .code("idempotency_key_reused"),
        row("another password", sign_up("ada@example.com", "another one").key("a key"), 409)
            .code("email_taken"),
        row("another key", request.key("another key"), 409).code("email_taken"),
    ];
    check(&app.client(), rows).await;
    let key = "SELECT fingerprint FROM auth_idempotency";
    let kept: String = app.database().query_row(key, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "signUp ada@example.com", "nothing made of a password is kept");
}

#[tokio::test]
async fn signing_in_and_out_may_be_repeated() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let body = json!({ "email": ada.account["email"], "password": PASSWORD });
    let sign_in = post("/api/users/signIn", body).key("a key");
    for _ in 0..2 {
        let answer = app.client().send(&sign_in).await;
        app.client().signed_in_by(answer, 200).list(json!({})).await.expect(201);
    }
    let sign_out = post("/api/users/signOut", json!({})).key("a key");
    for _ in 0..2 {
        ada.send(&sign_out).await.shows(200, json!({ "currentUser": null }));
    }
}

#[tokio::test]
async fn a_repeated_listing_is_one() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let request = post("/api/tickets", listing(json!({})));
    let first = same_twice(&seller, &request).await.expect(201);
    seller.delete(&path("tickets", &first)).await.expect(204);
    let again = seller.send(&request.clone().key("a key")).await.expect(201);
    assert_eq!(again, first, "the answer is what it was, whatever has become of the listing");
    let other = post("/api/tickets", listing(json!({ "price": 100 }))).key("a key");
    let reused = row("another listing", other, 409).code("idempotency_key_reused");
    let blank = Request::body(request.clone().key("a key"), request.body.clone().unwrap());
    check(&seller, [reused, row("byte for byte", blank, 201)]).await;
    assert_eq!(count(&seller, "/api/tickets").await, 0, "it is withdrawn, and there is no other");
}

#[tokio::test]
async fn a_repeated_edit_is_one() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    same_twice(&seller, &edit(&ticket, "second")).await.shows(200, json!({ "version": 2 }));
    seller.send(&edit(&ticket, "third")).await.shows(200, json!({ "version": 3 }));
    seller.send(&edit(&ticket, "second").key("a key")).await.shows(200, json!({ "version": 2 }));
    let now = json!({ "title": "third", "version": 3 });
    seller.get(&path("tickets", &ticket)).await.shows(200, now);
    let other = row("another edit", edit(&ticket, "fourth").key("a key"), 409);
    let elsewhere = seller.list(json!({})).await.expect(201);
    let elsewhere = row("another listing", edit(&elsewhere, "second").key("a key"), 409);
    check(&seller, [other, elsewhere].map(|row| row.code("idempotency_key_reused"))).await;
}

#[tokio::test]
async fn a_repeated_guarded_edit_is_one() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    same_twice(&seller, &edit(&ticket, "second").header("if-match", "\"1\"")).await.expect(200);
}

#[tokio::test]
async fn a_repeated_withdrawal_is_one() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    let answer = same_twice(&seller, &delete(path("tickets", &ticket))).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let other = seller.list(json!({})).await.expect(201);
    let reused = row("another listing", delete(path("tickets", &other)).key("a key"), 409);
    check(&seller, [reused.code("idempotency_key_reused")]).await;
}

#[tokio::test]
async fn a_repeated_order_is_one() {
    let app = App::start().await;
    let (seller, buyer, other) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 3 })).await.expect(201);
    let first = same_twice(&buyer, &order(&ticket, 1)).await.expect(201);
    let reused = row("another quantity", order(&ticket, 2).key("a key"), 409);
    check(&buyer, [reused.code("idempotency_key_reused")]).await;
    let theirs = other.send(&order(&ticket, 1).key("a key")).await;
    assert!(!theirs.is_replay(), "another buyer's key is another key: {theirs}");
    let theirs = theirs.expect(201);
    assert_ne!(id(&theirs), id(&first));
    buyer.sees_ticket(&ticket, json!({ "available": 1 })).await;
    assert_eq!(count(&buyer, "/api/orders").await, 1);
    let refused = order(&ticket, 2).key("another key");
    check(&buyer, [row("too many", refused.clone(), 409).code("not_enough")]).await;
    other.cancel(&theirs).await.expect(204);
    check(&buyer, [row("a refusal is not remembered", refused, 201)]).await;
}

#[tokio::test]
async fn a_repeated_cancellation_is_one() {
    let app = App::start().await;
    let (seller, buyer, other) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let first = buyer.hold(&ticket).await.expect(201);
    let cancel = delete(path("orders", &first));
    same_twice(&buyer, &cancel).await;
    other.hold(&ticket).await.expect(201);
    buyer.send(&cancel.key("a key")).await.expect(204);
    buyer.hold(&ticket).await.refuses(409, "reserved");
}

#[tokio::test]
async fn a_repeated_payment_is_one() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 2 })).await.expect(201);
    let (first, second) =
        (buyer.hold(&ticket).await.expect(201), buyer.hold(&ticket).await.expect(201));
    same_twice(&buyer, &payment(&first, "pm_card_visa")).await.expect(201);
    buyer.sees_order(&first, json!({ "status": "complete" })).await;
    let again = buyer.send(&payment(&first, "pm_card_visa").key("a key")).await;
    assert!(again.status == 201 && again.is_replay(), "{again}");
    let rows = [
        row("another card", payment(&first, "tok_visa").key("a key"), 409),
        row("another order", payment(&second, "pm_card_visa").key("a key"), 409),
    ];
    check(&buyer, rows.map(|row| row.code("idempotency_key_reused"))).await;
    assert_eq!(app.sandbox_intents().await.len(), 1);
    let declined = payment(&second, "pm_card_chargeDeclined").key("another key");
    let decline = || row("declined", declined.clone(), 402).code("generic_decline");
    check(&buyer, [decline(), decline(), decline(), decline(), decline(), decline()]).await;
    assert_eq!(app.intents_of(&second).await.len(), 1, "one decline, told six times");
    let replayed = decline().header("idempotent-replayed", "true");
    check(&buyer, [replayed]).await;
    let other = payment(&second, "pm_card_visa").key("a third key");
    check(&buyer, [row("the hold is still there", other, 201)]).await;
}

/// Sends `request` many times at once with one key: all answers are the same.
async fn same_at_once(
    person: &Person,
    request: &Request,
    times: usize,
    status: u16,
) -> Vec<Answer> {
    let request = request.clone().key("a key");
    let answers = join_all((0..times).map(|_| person.send(&request))).await;
    for answer in &answers {
        assert_eq!(answer.status, status, "{answer}");
        assert_eq!(answer.text, answers[0].text, "{answer}");
    }
    let fresh = answers.iter().filter(|answer| !answer.is_replay()).count();
    assert_eq!(fresh, 1, "one is answered, the others are told what it was: {answers:#?}");
    answers
}

#[tokio::test]
// More of them at once would pass for guesses at the password.
async fn ten_equal_sign_ups_at_once_with_one_key_all_succeed() {
    let app = App::start().await;
    let answers = same_at_once(&app.client(), &sign_up("ada@example.com", PASSWORD), 10, 201).await;
    for answer in answers {
        let ada = app.client().signed_in_by(answer, 201);
        ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": ada.account }));
    }
}

#[tokio::test]
async fn twenty_equal_listings_at_once_are_one() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    same_at_once(&seller, &post("/api/tickets", listing(json!({}))), 20, 201).await;
    assert_eq!(count(&seller, "/api/tickets").await, 1);
}

#[tokio::test]
async fn twenty_equal_edits_at_once_are_one() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    for guard in [None, Some("\"1\"")] {
        let ticket = seller.list(json!({})).await.expect(201);
        let mut request = edit(&ticket, "second").key(id(&ticket));
        if let Some(tag) = guard {
            request = request.header("if-match", tag);
        }
        let answers = join_all((0..20).map(|_| seller.send(&request))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
        let fresh = answers.iter().filter(|answer| !answer.is_replay()).count();
        assert_eq!(fresh, 1, "one is answered, the others are told what it was: {answers:#?}");
        seller.get(&path("tickets", &ticket)).await.shows(200, json!({ "version": 2 }));
    }
}

#[tokio::test]
async fn twenty_equal_withdrawals_at_once_are_one() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    let request = delete(path("tickets", &ticket)).key("a key");
    let answers = join_all((0..20).map(|_| seller.send(&request))).await;
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:#?}");
    seller.get(&path("tickets", &ticket)).await.shows(200, json!({ "version": 2 }));
}

#[tokio::test]
async fn twenty_equal_orders_at_once_are_one() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    same_at_once(&buyer, &order(&ticket, 1), 20, 201).await;
    assert_eq!(count(&buyer, "/api/orders").await, 1);
    buyer.sees_ticket(&ticket, json!({ "status": "held" })).await;
}

#[tokio::test]
async fn twenty_equal_cancellations_at_once_are_one() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 2 })).await.expect(201);
    let (given_up, kept) =
        (buyer.hold(&ticket).await.expect(201), buyer.hold(&ticket).await.expect(201));
    same_at_once(&buyer, &delete(path("orders", &given_up)), 20, 204).await;
    buyer.sees_ticket(&ticket, json!({ "available": 1 })).await;
    buyer.get(&path("orders", &kept)).await.shows(200, json!({ "status": "created" }));
}

#[tokio::test]
async fn twenty_equal_payments_at_once_are_one() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    let request = payment(&order, "pm_card_visa").key("a key");
    let answers = join_all((0..20).map(|_| buyer.send(&request))).await;
    for answer in &answers {
        // While the provider is being asked, there is nothing to tell but that.
        let waits = answer.body["code"] == "payment_pending" && matches!(answer.status, 409 | 503);
        assert!(answer.status == 201 || waits, "{answer}");
    }
    let paid: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!paid.is_empty(), "{answers:#?}");
    assert!(paid.iter().all(|answer| id(&answer.body["payment"]) == id(&paid[0].body["payment"])));
    let after = buyer.send(&request).await;
    assert!(after.status == 201 && after.is_replay(), "{after}");
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    assert_eq!(app.sandbox_intents().await.len(), 1);
}

#[tokio::test]
async fn keys_are_1_to_255_visible_characters() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 10 })).await.expect(201);
    let held = buyer.hold(&ticket).await.expect(201);
    let longest = "k".repeat(255);
    let odd = ["".as_bytes(), &[b'k'; 256], "schlüssel".as_bytes(), b"\xff", b"a\tb"];
    let mutations = [
        ("sign up", sign_up("new@example.com", PASSWORD)),
        ("sign in", post("/api/users/signIn", json!({ "email": "x@y.z", "password": PASSWORD }))),
        ("sign out", post("/api/users/signOut", json!({}))),
        ("list", post("/api/tickets", listing(json!({})))),
        ("edit", edit(&ticket, "x")),
        ("withdraw", delete(path("tickets", &ticket))),
        ("order", order(&ticket, 1)),
        ("cancel", delete(path("orders", &held))),
        ("pay", payment(&held, "pm_card_visa")),
    ];
    for (name, request) in &mutations {
        let person = if ["edit", "withdraw"].contains(name) { &seller } else { &buyer };
        let rows = odd.map(|key| {
            let name = format!("{name} with {:?}", String::from_utf8_lossy(key));
            row(name, request.clone().header("idempotency-key", key), 400).fields([])
        });
        check(person, rows).await;
    }
    let good = [longest.as_str(), "k", "0198-a key, with: signs!"];
    let good = good.map(|key| row(key, order(&ticket, 1).key(key), 201));
    check(&buyer, good).await;
    check(&buyer, [row("reading needs none", get("/api/orders").key("x"), 200)]).await;
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let request = post("/api/tickets", listing(json!({}))).key("a key");
    seller.send(&request).await.expect(201);
    app.advance(23 * 60 * 60);
    app.tick().await;
    assert!(seller.send(&request).await.is_replay());
    app.advance(2 * 60 * 60);
    app.tick().await;
    let anew = seller.send(&request).await;
    assert!(anew.status == 201 && !anew.is_replay(), "{anew}");
    assert_eq!(count(&seller, "/api/tickets").await, 2);
}
