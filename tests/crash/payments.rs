//! Paying, and everything that follows from it: the order, the money, the listing.

use boxoffice_tests::{Request, id, post};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::shop::Shop;

/// A card that works, one whose bank wants to see the cardholder, and one that does not work.
pub(crate) const VISA: &str = "pm_card_visa";
pub(crate) const ASKING_CARD: &str = "pm_card_threeDSecure2Required";
pub(crate) const BAD_CARD: &str = "pm_card_chargeDeclined";

pub(crate) fn pay(shop: &Shop, order: &Value, token: &str) -> Request {
    let body = json!({ "orderId": id(order), "token": token });
    shop.repeatable(post("/api/payments", body))
}

/// The order is complete, and has been paid once.
pub(crate) async fn is_paid_once(shop: &Shop, ticket: &Value, order: &Value) {
    shop.buyer.sees_order(order, json!({ "status": "complete" })).await;
    shop.settled().await;
    shop.buyer.sees_ticket(ticket, json!({ "available": 1 })).await;
    let paid = "SELECT COUNT(*) FROM payments_payments WHERE order_id = ?1 AND status = 'captured'";
    assert_eq!(shop.number(paid, id(order)), 1);
    let intents = shop.app.intents_of(order).await;
    let taken: i64 = intents.iter().filter_map(|i| i["amount_received"].as_i64()).sum();
    assert_eq!(taken, 4500, "{intents:#?}");
}

struct Pay;

impl Operation for Pay {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "paying";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order) = shop.held().await;
        let request = pay(shop, &order, VISA);
        (ticket, order, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, order, request): &Self::Scene) {
        shop.buyer.send(request).await.expect(201);
        is_paid_once(shop, ticket, order).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paying() {
    every_point::<Pay>().await;
}

/// Lets the buyer be declined again: at each point they are declined more often than they may be in an hour.
async fn forget_declines(shop: &Shop) {
    shop.app.tamper("DELETE FROM payments_limits").await;
}

struct Decline;

impl Operation for Decline {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "being declined";

    async fn prepare(shop: &Shop) -> Self::Scene {
        forget_declines(shop).await;
        let (ticket, order) = shop.held().await;
        let request = pay(shop, &order, BAD_CARD);
        (ticket, order, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, order, request): &Self::Scene) {
        shop.buyer.send(request).await.refuses(402, "generic_decline");
        let declined = "SELECT COUNT(*) FROM payments_payments WHERE order_id = ?1";
        assert_eq!(shop.number(declined, id(order)), 1);
        shop.buyer.send(&pay(shop, order, VISA)).await.expect(201);
        is_paid_once(shop, ticket, order).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn declined() {
    every_point::<Decline>().await;
}

struct LastDecline;

impl Operation for LastDecline {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "being declined for the last time";

    async fn prepare(shop: &Shop) -> Self::Scene {
        forget_declines(shop).await;
        let (ticket, order) = shop.held().await;
        for _ in 1..5 {
            shop.buyer.send(&pay(shop, &order, BAD_CARD)).await.expect(402);
        }
        let request = pay(shop, &order, BAD_CARD);
        (ticket, order, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, order, request): &Self::Scene) {
        shop.buyer.send(request).await.refuses(402, "generic_decline");
        let ended = json!({ "status": "cancelled", "cancelReason": "declined" });
        shop.buyer.sees_order(order, ended).await;
        shop.settled().await;
        shop.buyer.sees_ticket(ticket, json!({ "available": 2 })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_for_the_last_time() {
    every_point::<LastDecline>().await;
}

/// A listing, its order, and a payment of it whose buyer has just answered their bank's questions.
pub(crate) async fn authenticated(shop: &Shop) -> (Value, Value, Value) {
    let (ticket, order) = shop.held().await;
    let answer = shop.buyer.send(&pay(shop, &order, ASKING_CARD)).await.expect(202);
    let payment = answer["payment"].clone();
    let page = payment["nextAction"]["redirectUrl"].as_str().unwrap();
    let stay = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder().no_proxy().redirect(stay).build().unwrap();
    let passed = http.post(page).body("outcome=complete").send().await.unwrap();
    assert!(passed.status().is_redirection(), "{passed:?}");
    (ticket, order, payment)
}

struct Confirm;

impl Operation for Confirm {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "coming back from one's bank";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order, payment) = authenticated(shop).await;
        let path = format!("/api/payments/{}/confirm", id(&payment));
        (ticket, order, shop.repeatable(post(path, json!({}))))
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, order, request): &Self::Scene) {
        shop.buyer.send(request).await.expect(201);
        is_paid_once(shop, ticket, order).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_back_from_the_bank() {
    every_point::<Confirm>().await;
}

struct Webhook;

impl Operation for Webhook {
    type Scene = (Value, Value, Value);
    const NAME: &'static str = "hearing from the provider";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order, _) = authenticated(shop).await;
        let intent = shop.app.intents_of(&order).await.remove(0);
        let event = json!({
            "id": format!("evt_{}", shop.word()),
            "object": "event",
            "type": "payment_intent.amount_capturable_updated",
            "data": { "object": intent },
        });
        (ticket, order, event)
    }

    async fn act(shop: &Shop, (_, _, event): &Self::Scene) {
        let secret = &shop.app.variables["stripe_webhook_secret"];
        shop.app.client().exchange(&shop.app.signed(event, secret)).await;
    }

    async fn verify(shop: &Shop, (ticket, order, event): &Self::Scene) {
        let secret = &shop.app.variables["stripe_webhook_secret"];
        // Who gets no answer sends it again, signed anew.
        assert_eq!(shop.app.client().send(&shop.app.signed(event, secret)).await.status, 200);
        is_paid_once(shop, ticket, order).await;
        let heard = "SELECT COUNT(*) FROM payments_webhooks WHERE id = ?1 AND body IS NULL";
        assert_eq!(shop.number(heard, id(event)), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hearing_from_the_provider() {
    every_point::<Webhook>().await;
}

struct Asked;

impl Operation for Asked {
    type Scene = (Value, Request);
    const NAME: &'static str = "being sent to one's bank shortly before the hold ends";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (_, order) = shop.held().await;
        // Less is left than the bank's questions may take.
        shop.app.advance(600);
        let request = pay(shop, &order, ASKING_CARD);
        (order, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (order, request): &Self::Scene) {
        shop.buyer.send(request).await.expect(202);
        let extended = "SELECT COUNT(*) FROM orders_orders WHERE id = ?1 \
                        AND extended_at IS NOT NULL AND expires_at >= extended_at + 600000";
        assert_eq!(shop.number(extended, id(order)), 1);
        shop.settled().await;
        let timers = "SELECT COUNT(*) FROM expiration_timers AS timer, orders_orders AS held \
                      WHERE held.id = ?1 AND timer.order_id = held.id \
                      AND timer.expires_at = held.expires_at AND timer.running = 1";
        assert_eq!(shop.number(timers, id(order)), 1);
        assert_eq!(shop.app.intents_of(order).await.len(), 1);
        // Out of the way of the next run's audits.
        shop.buyer.cancel(order).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn being_sent_to_the_bank() {
    every_point::<Asked>().await;
}

struct Refund;

impl Operation for Refund {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "refunding";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order) = shop.held().await;
        let answer = shop.buyer.send(&pay(shop, &order, VISA)).await.expect(201);
        is_paid_once(shop, &ticket, &order).await;
        let path = format!("/api/payments/{}/refund", id(&answer["payment"]));
        (ticket, order, shop.repeatable(post(path, json!({ "restock": true }))))
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, order, request): &Self::Scene) {
        shop.seller.send(request).await.expect(200);
        shop.buyer.sees_order(order, json!({ "status": "refunded" })).await;
        shop.settled().await;
        shop.buyer.sees_ticket(ticket, json!({ "available": 2 })).await;
        let intents = shop.app.intents_of(order).await;
        assert_eq!(intents.len(), 1);
        assert_eq!(intents[0]["latest_charge"]["amount_refunded"], 4500, "{intents:#?}");
        let booked = "SELECT COUNT(*) FROM payments_ledger, payments_payments AS payment \
                      WHERE payment.order_id = ?1 AND payment_id = payment.id";
        assert_eq!(shop.number(booked, id(order)), 6, "a charge, a sale and a refund");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refunding() {
    every_point::<Refund>().await;
}
