//! Paying, and everything that follows from it: the order, the money, the listing.

use boxoffice_tests::{Request, id, post};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::shop::Shop;

/// A card that works, and one that does not.
pub(crate) const VISA: &str = "pm_card_visa";
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

struct Decline;

impl Operation for Decline {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "being declined";

    async fn prepare(shop: &Shop) -> Self::Scene {
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
