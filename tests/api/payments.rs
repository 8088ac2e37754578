//! `POST /api/payments`: paying for an order.

use boxoffice_tests::{App, Person, Row, check, get, id, post, row};
use serde_json::{Value, json};

const PAYMENTS: &str = "/api/payments";

/// A seller's listing held by a buyer.
async fn held(app: &App) -> (Person, Value) {
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "price": 4500, "currency": "EUR" })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    (buyer, order)
}

fn with(order: &Value, token: &str) -> Value {
    json!({ "orderId": order["id"], "token": token })
}

#[tokio::test]
async fn a_payment_says_what_was_paid() {
    let app = App::start().await;
    let (buyer, order) = held(&app).await;
    let answer = buyer.post(PAYMENTS, with(&order, "pm_card_visa")).await.shows(
        201,
        json!({ "payment": {
            "orderId": order["id"], "status": "authorized", "amount": 4500, "currency": "EUR",
            "createdAt": "2030-03-01T12:00:00Z",
        }}),
    );
    assert_eq!(answer.header("location"), format!("/api/orders/{}", id(&order)));
    assert_eq!(id(&answer.body["payment"]).as_bytes()[14], b'7', "ids are UUIDv7");
    assert!(!answer.text.contains("pm_card") && !answer.text.contains("pi_"), "{answer}");
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let intent = &app.intents_of(&order).await[0];
    assert_eq!((&intent["amount"], &intent["currency"]), (&json!(4500), &json!("eur")));
}

#[tokio::test]
async fn stripes_methods_and_its_older_tokens_are_taken() {
    let app = App::start().await;
    for token in ["pm_card_visa", "tok_visa", "pm_card_mastercard", "tok_amex", "pm_card_de"] {
        let (buyer, order) = held(&app).await;
        check(&buyer, [row(token, post(PAYMENTS, with(&order, token)), 201)]).await;
        buyer.sees_order(&order, json!({ "status": "complete" })).await;
    }
}

#[tokio::test]
async fn what_is_no_payment_is_refused_with_all_that_is_wrong() {
    let app = App::start().await;
    let (buyer, order) = held(&app).await;
    let pay = |body: Value, status| row(body.to_string(), post(PAYMENTS, body), status);
    let token = |token: Value| {
        pay(json!({ "orderId": order["id"], "token": token }), 400).fields(["token"])
    };
    let good = || post(PAYMENTS, with(&order, "pm_card_visa"));
    let rows = [
        pay(json!({}), 400).fields(["orderId", "token"]),
        pay(json!({ "orderId": "1", "token": "4242424242424242" }), 400)
            .fields(["orderId", "token"]),
        pay(json!({ "orderId": 1, "token": 2, "amount": 3 }), 400)
            .fields(["orderId", "token", "amount"]),
        pay(json!({ "token": "pm_card_visa" }), 400).fields(["orderId"]),
        token(json!(null)),
        token(json!("")),
        token(json!("card")),
        token(json!("pm_card_visa/../x")),
        token(json!("pm_card_visa&amount=1")),
        token(json!(format!("pm_{}", "x".repeat(253)))),
        row("no JSON", good().body("x"), 400),
        row("no type", good().untyped(), 415),
        row("too long", good().body(vec![b' '; 64 * 1024 + 1]), 413),
        pay(json!({ "orderId": buyer.id(), "token": "pm_card_visa" }), 404),
    ];
    check(&buyer, rows).await;
    check(&app.client(), [row("nobody", good(), 401)]).await;
    check(&app.sign_up().await, [row("somebody else's order", good(), 403)]).await;
    assert!(app.sandbox_intents().await.is_empty(), "nothing of this was asked of the provider");
    buyer
        .get(&format!("/api/orders/{}", id(&order)))
        .await
        .shows(200, json!({ "status": "created" }));
}

#[tokio::test]
async fn a_decline_says_why_and_leaves_the_hold() {
    let app = App::start().await;
    for (card, code) in [
        ("chargeDeclined", "generic_decline"),
        ("chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("visa_chargeDeclinedLostCard", "lost_card"),
        ("visa_chargeDeclinedStolenCard", "stolen_card"),
        ("chargeDeclinedExpiredCard", "expired_card"),
        ("chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("chargeDeclinedProcessingError", "processing_error"),
        ("visa_chargeDeclinedVelocityLimitExceeded", "card_velocity_exceeded"),
        ("radarBlock", "fraudulent"),
        ("chargeCustomerFail", "generic_decline"),
        ("nobodyKnowsThisCard", "invalid_payment_method"),
    ] {
        let (buyer, order) = held(&app).await;
        let pay = |token: String, status| {
            row(token.clone(), post(PAYMENTS, with(&order, &token)), status)
        };
        let rows = [
            pay(format!("pm_card_{card}"), 402).code(code),
            pay(format!("tok_{card}"), 402).code(code),
        ];
        check(&buyer, rows).await;
        let still = json!({ "status": "awaiting:payment", "expiresAt": order["expiresAt"] });
        buyer.get(&format!("/api/orders/{}", id(&order))).await.shows(200, still);
        check(&buyer, [pay("pm_card_visa".to_owned(), 201)]).await;
        buyer.sees_order(&order, json!({ "status": "complete" })).await;
    }
}

#[tokio::test]
async fn the_fifth_decline_ends_the_order() {
    let app = App::start().await;
    let (buyer, order) = held(&app).await;
    let declined = post(PAYMENTS, with(&order, "pm_card_chargeDeclined"));
    let declined =
        |n: usize| row(format!("decline {n}"), declined.clone(), 402).code("generic_decline");
    check(&buyer, (1..=4).map(declined)).await;
    let answer = buyer.post(PAYMENTS, with(&order, "pm_card_visa_chargeDeclinedLostCard")).await;
    let detail = answer.refuses(402, "lost_card").body["detail"].to_string();
    assert!(!detail.contains("Your hold stays"), "it does not: {detail}");
    let ended = json!({ "status": "cancelled", "cancelReason": "declined" });
    buyer.sees_order(&order, ended).await;
    let late = post(PAYMENTS, with(&order, "pm_card_visa"));
    check(&buyer, [row("too late", late, 409).code("cancelled")]).await;
    buyer.sees_ticket(&order["ticket"], json!({ "status": "open", "available": 1 })).await;
    for intent in app.intents_of(&order).await {
        assert_eq!(intent["amount_capturable"], 0, "{intent:#}");
        assert_eq!(intent["amount_received"], 0, "{intent:#}");
    }
}

#[tokio::test]
async fn what_is_not_held_cannot_be_paid_for() {
    let app = App::start().await;
    let refused = |name: &str, order: &Value, code: &str| -> Row {
        row(name, post(PAYMENTS, with(order, "pm_card_visa")), 409).code(code)
    };
    let (buyer, order) = held(&app).await;
    buyer.cancel(&order).await.expect(204);
    check(&buyer, [refused("given up", &order, "cancelled")]).await;

    let (buyer, paid) = held(&app).await;
    buyer.pay(&paid, "pm_card_visa").await.expect(201);
    buyer.sees_order(&paid, json!({ "status": "complete" })).await;
    check(&buyer, [refused("paid for", &paid, "complete")]).await;
    assert_eq!(app.intents_of(&paid).await.len(), 1, "and is not paid for twice");

    let (buyer, late) = held(&app).await;
    app.advance(899);
    app.tick().await;
    let (other, in_time) = held(&app).await;
    app.advance(1);
    check(&buyer, [refused("its time is up, no tick yet", &late, "expired")]).await;
    app.tick().await;
    buyer.sees_order(&late, json!({ "status": "cancelled" })).await;
    check(&buyer, [refused("its time is up", &late, "cancelled")]).await;
    check(&other, [row("in time", post(PAYMENTS, with(&in_time, "pm_card_visa")), 201)]).await;
    assert_eq!(app.sandbox_intents().await.len(), 2, "who was refused was not charged");
}

#[tokio::test]
async fn two_payments_at_once_are_one() {
    let app = App::start().await;
    let (buyer, order) = held(&app).await;
    let answers =
        futures::future::join_all((0..10).map(|_| buyer.pay(&order, "pm_card_visa"))).await;
    let paid = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(paid, 1, "{answers:#?}");
    for refusal in answers.iter().filter(|answer| answer.status != 201) {
        let code = refusal.body["code"].as_str().unwrap_or_default();
        assert_eq!(refusal.status, 409, "{refusal}");
        let known = ["payment_pending", "already_paid", "complete", "changed"];
        assert!(known.contains(&code), "{refusal}");
    }
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    assert_eq!(app.intents_of(&order).await.len(), 1);
}

#[tokio::test]
async fn while_the_provider_is_away_nobody_is_told_that_they_paid() {
    let mut app = App::start().await;
    let (buyer, order) = held(&app).await;
    app.stop_sandbox().await;
    let pay = post(PAYMENTS, with(&order, "pm_card_visa")).key("once");
    let unknown = row("not known yet", pay.clone(), 503).code("payment_pending");
    check(&buyer, [unknown.header("retry-after", "5")]).await;
    let another = row("another attempt", post(PAYMENTS, with(&order, "pm_card_visa")), 409);
    check(&buyer, [another.code("payment_pending")]).await;
    app.start_sandbox().await;
    check(&buyer, [row("the same request, repeated", pay, 201)]).await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    assert_eq!(app.intents_of(&order).await.len(), 1);
}

#[tokio::test]
async fn buyers_see_their_own_payments_of_the_orders_that_they_name() {
    let app = App::start().await;
    let (buyer, order) = held(&app).await;
    buyer.pay(&order, "pm_card_chargeDeclined").await.expect(402);
    app.a_moment_passes();
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    let payment = |status: &str| json!({ "orderId": order["id"], "status": status });
    let listed = |path: String, items: Value| {
        row(path.clone(), get(path), 200).shows(json!({ "items": items }))
    };
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let both = json!([payment("captured"), payment("declined")]);
    let settled = json!({ "items": both });
    buyer.sees(PAYMENTS, settled).await;
    let of = |ids: &str| format!("{PAYMENTS}?orderId={ids}");
    let many = vec![id(&order); 101].join(",");
    let rows = [
        listed(of(id(&order)), both.clone()),
        listed(of(&format!("{}, {}", buyer.id(), id(&order))), both.clone()),
        listed(of(buyer.id()), json!([])),
        listed(format!("{}&limit=1", of(id(&order))), json!([payment("captured")])),
        row("no order", get(of("x")), 400).fields(["orderId"]),
        row("too many", get(of(&many)), 400).fields(["orderId"]),
    ];
    check(&buyer, rows).await;
    check(&app.sign_up().await, [listed(of(id(&order)), json!([]))]).await;
    check(&app.client(), [row("nobody", get(PAYMENTS), 401)]).await;
    let first = buyer.get(&format!("{PAYMENTS}?limit=1")).await.expect(200);
    let next = format!("{PAYMENTS}?cursor={}", first["nextCursor"].as_str().unwrap());
    check(&buyer, [listed(next, json!([payment("declined")]))]).await;
}
