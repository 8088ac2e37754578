//! Tickets that are sold on: the offer, its end, its sale, and a refund that follows the chain.

use boxoffice_tests::{Request, delete, id, post};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::payments::{VISA, pay};
use crate::shop::Shop;

/// What a fan asks for, in cents.
const ASKED: i64 = 4000;

fn path(admission: &Value) -> String {
    format!("/api/admissions/{}", id(admission))
}

/// A listing, and the one admission that was bought of it.
async fn bought(shop: &Shop) -> (Value, Value) {
    let (ticket, order) = shop.held().await;
    shop.buyer.send(&pay(shop, &order, VISA)).await.expect(201);
    shop.settled().await;
    (ticket, shop.buyer.admissions(&order, 1).await.remove(0))
}

fn offer(shop: &Shop, admission: &Value) -> Request {
    shop.repeatable(post(format!("{}/offer", path(admission)), json!({ "price": ASKED })))
}

/// The event's listing, an admission that is offered, and the offer's listing.
async fn offered(shop: &Shop) -> (Value, Value, Value) {
    let (ticket, admission) = bought(shop).await;
    let offered = shop.buyer.send(&offer(shop, &admission)).await.expect(200);
    shop.settled().await;
    (ticket, admission, json!({ "id": offered["offer"]["ticketId"] }))
}

struct Offer;

impl Operation for Offer {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "offering a ticket";
    const CONCERNS: &'static [&'static str] = &["admissions", "tickets-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, admission) = bought(shop).await;
        let request = offer(shop, &admission);
        (ticket, admission, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, request): &Self::Scene) {
        let offered = shop.buyer.send(request).await.expect(200);
        shop.settled().await;
        let listed = shop.seller.get(&format!("/api/tickets?resaleOf={}", id(ticket))).await;
        let listed = listed.expect(200);
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed:#}");
        assert_eq!(listed["items"][0]["id"], offered["offer"]["ticketId"]);
        let scanned = shop.seller.scans(ticket, "North", &admission["code"]).await;
        assert_eq!(scanned["verdict"], "offered", "{scanned:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offering() {
    every_point::<Offer>().await;
}

struct TakeOffSale;

impl Operation for TakeOffSale {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "taking a ticket off sale";
    const CONCERNS: &'static [&'static str] = &["admissions", "admissions-worker", "tickets"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, admission, _) = offered(shop).await;
        let request = shop.repeatable(delete(format!("{}/offer", path(&admission))));
        (ticket, admission, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, request): &Self::Scene) {
        let kept = shop.buyer.send(request).await.expect(200);
        assert_eq!((&kept["status"], &kept["code"]), (&json!("valid"), &admission["code"]));
        let scanned = shop.seller.scans(ticket, "North", &admission["code"]).await;
        assert_eq!(scanned["verdict"], "admitted", "{scanned:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_off_sale() {
    every_point::<TakeOffSale>().await;
}

struct Resale;

impl Operation for Resale {
    type Scene = (Value, Value, Value, Request);
    const NAME: &'static str = "buying a ticket of a fan";
    const CONCERNS: &'static [&'static str] =
        &["admissions-worker", "payments-worker", "tickets-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, admission, listing) = offered(shop).await;
        let order = shop.seller.hold(&listing).await.expect(201);
        shop.settled().await;
        let request = pay(shop, &order, VISA);
        (ticket, admission, order, request)
    }

    async fn act(shop: &Shop, (_, _, _, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, order, request): &Self::Scene) {
        shop.seller.send(request).await.expect(201);
        shop.settled().await;
        let bought = shop.seller.admissions(order, 1).await.remove(0);
        let old = shop.buyer.get(&path(admission)).await.expect(200);
        assert_eq!(old["status"], "void", "{old:#}");
        let scanned = shop.seller.scans(ticket, "North", &bought["code"]).await;
        assert_eq!(scanned["verdict"], "admitted", "{scanned:#}");
        let due = "SELECT CAST(SUM(-e.amount) AS BIGINT) FROM payments_ledger AS e \
                   JOIN payments_payments AS p ON p.id = e.payment_id \
                   WHERE p.order_id = ?1 AND e.account = 'sellers'";
        assert_eq!(shop.number(due, id(order)), ASKED - ASKED / 20, "the price less 5 %");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buying_of_a_fan() {
    every_point::<Resale>().await;
}

struct ChainRefund;

impl Operation for ChainRefund {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "refunding the first sale of a ticket that was sold on";
    const CONCERNS: &'static [&'static str] =
        &["admissions-worker", "orders-worker", "payments-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (_, admission, listing) = offered(shop).await;
        let order = shop.seller.hold(&listing).await.expect(201);
        shop.seller.send(&pay(shop, &order, VISA)).await.expect(201);
        shop.settled().await;
        let undo = shop.buyer.refund_path().await;
        let request = shop.repeatable(post(undo, json!({ "restock": false })));
        (admission, order, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (admission, order, request): &Self::Scene) {
        let answer = shop.seller.send(request).await;
        assert!(matches!(answer.status, 200 | 202), "{answer}");
        shop.settled().await;
        shop.seller.sees_order(order, json!({ "status": "refunded" })).await;
        let unit = "SELECT COUNT(*) FROM admissions_admissions \
                    WHERE unit_id = ?1 AND (status <> 'void' OR undone = 0)";
        assert_eq!(shop.number(unit, id(admission)), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refunding_a_chain() {
    every_point::<ChainRefund>().await;
}
