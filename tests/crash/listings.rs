//! What sellers do, and what `orders` makes of it.

use boxoffice_tests::person::listing;
use boxoffice_tests::{Request, delete, id, post, put};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::shop::Shop;

struct List;

impl Operation for List {
    type Scene = (String, Request);
    const NAME: &'static str = "listing";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let title = shop.word();
        let body = listing(json!({ "title": title, "quantity": 3 }));
        (title, shop.repeatable(post("/api/tickets", body)))
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (title, request): &Self::Scene) {
        let ticket = shop.seller.send(request).await.expect(201);
        let listings = shop.number("SELECT COUNT(*) FROM tickets_tickets WHERE title = ?1", title);
        assert_eq!(listings, 1);
        shop.settled().await;
        shop.buyer.hold(&ticket).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list() {
    every_point::<List>().await;
}

struct Edit;

impl Operation for Edit {
    type Scene = (Value, Request);
    const NAME: &'static str = "editing";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let ticket = shop.listing(2).await;
        let body = listing(json!({ "title": ticket["title"], "price": 9900, "quantity": 5 }));
        let request = put(format!("/api/tickets/{}", id(&ticket)), body);
        (ticket, shop.repeatable(request))
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, request): &Self::Scene) {
        shop.seller.send(request).await.shows(200, json!({ "price": 9900, "quantity": 5 }));
        shop.settled().await;
        let order = shop.buyer.hold(ticket).await.expect(201);
        assert_eq!(order["amount"], 9900);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn edit() {
    every_point::<Edit>().await;
}

struct Withdraw;

impl Operation for Withdraw {
    type Scene = (Value, Request);
    const NAME: &'static str = "withdrawing";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let ticket = shop.listing(2).await;
        let request = delete(format!("/api/tickets/{}", id(&ticket)));
        (ticket, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, request): &Self::Scene) {
        shop.seller.send(request).await.expect(204);
        shop.settled().await;
        shop.buyer.hold(ticket).await.refuses(409, "withdrawn");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn withdraw() {
    every_point::<Withdraw>().await;
}
