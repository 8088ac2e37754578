//! What buyers do short of paying, and what `tickets` and `expiration` make of it.

use boxoffice_tests::{Request, delete, id, post};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::shop::Shop;

struct Hold;

async fn held_once(shop: &Shop, ticket: &Value, request: &Request) {
    let order = shop.buyer.send(request).await.expect(201);
    assert_eq!(order["status"], "created");
    let orders = shop.number("SELECT COUNT(*) FROM orders_orders WHERE ticket_id = ?1", id(ticket));
    assert_eq!(orders, 1);
    shop.settled().await;
    shop.buyer.sees_ticket(ticket, json!({ "available": 1 })).await;
}

fn hold_one(shop: &Shop, ticket: &Value) -> Request {
    let body = json!({ "ticketId": id(ticket), "quantity": 2 });
    shop.repeatable(post("/api/orders", body))
}

impl Operation for Hold {
    type Scene = (Value, Request);
    const NAME: &'static str = "holding";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let ticket = shop.listing(3).await;
        let request = hold_one(shop, &ticket);
        (ticket, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, request): &Self::Scene) {
        held_once(shop, ticket, request).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holding() {
    every_point::<Hold>().await;
}

/// A hold of a listing that `orders` has not heard of yet, so that it asks `tickets`.
struct HoldUnheardOf;

impl Operation for HoldUnheardOf {
    type Scene = (Value, Request);
    const NAME: &'static str = "holding what is just being listed";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let wish = json!({ "title": shop.word(), "quantity": 3 });
        let ticket = shop.unheard(async || shop.seller.list(wish.clone()).await.expect(201)).await;
        let request = hold_one(shop, &ticket);
        (ticket, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
        // The doorbell that nobody heard, late.
        let bell = ["ticket:created", r#"{"type":"ticket:created"}"#];
        shop.redis("PUBLISH", &bell).await;
    }

    async fn verify(shop: &Shop, (ticket, request): &Self::Scene) {
        held_once(shop, ticket, request).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holding_what_is_just_being_listed() {
    every_point::<HoldUnheardOf>().await;
}

struct Cancel;

impl Operation for Cancel {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "cancelling";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order) = shop.held().await;
        let request = delete(format!("/api/orders/{}", id(&order)));
        (ticket, order, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, order, request): &Self::Scene) {
        shop.buyer.send(request).await.expect(204);
        let cancelled = json!({ "status": "cancelled", "cancelReason": "buyer" });
        shop.buyer.sees_order(order, cancelled).await;
        shop.settled().await;
        shop.buyer.sees_ticket(ticket, json!({ "available": 2 })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling() {
    every_point::<Cancel>().await;
}

/// A letter is asked for that comes before the hold ends.
struct Remind;

impl Operation for Remind {
    type Scene = (Value, Request);
    const NAME: &'static str = "asking for a reminder";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (_, order) = shop.held().await;
        let request =
            shop.repeatable(post(format!("/api/orders/{}/reminder", id(&order)), json!({})));
        (order, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (order, request): &Self::Scene) {
        shop.buyer.send(request).await.shows(200, json!({ "reminder": true }));
        shop.settled().await;
        let letters =
            "SELECT COUNT(*) FROM mail_letters WHERE subject = ?1 AND kind = 'hold_ending'";
        assert_eq!(shop.number(letters, id(order)), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_reminder() {
    every_point::<Remind>().await;
}
