//! What holders and doors do, and what `admissions` makes of sales that it has not heard of.

use boxoffice_tests::{Request, delete, id, post, put};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operation::{Operation, every_point};
use crate::payments::{VISA, pay};
use crate::shop::Shop;

/// A listing, and the one admission that was bought of it.
async fn bought(shop: &Shop) -> (Value, Value) {
    let (ticket, order) = shop.held().await;
    (ticket, paid(shop, &order).await)
}

/// The one admission of an order, once it is paid for.
async fn paid(shop: &Shop, order: &Value) -> Value {
    shop.buyer.send(&pay(shop, order, VISA)).await.expect(201);
    shop.settled().await;
    shop.buyer.admissions(order, 1).await.remove(0)
}

fn path(admission: &Value) -> String {
    format!("/api/admissions/{}", id(admission))
}

/// A request that hands the admission to the seller, who is a person like others.
fn transfer(shop: &Shop, admission: &Value) -> Request {
    let body = json!({ "email": shop.seller.account["email"] });
    shop.repeatable(post(format!("{}/transfer", path(admission)), body))
}

/// An admission that is being transferred, and the request that accepts it.
async fn transferring(shop: &Shop) -> (Value, Value, Request) {
    let (ticket, admission) = bought(shop).await;
    let begun = shop.buyer.send(&transfer(shop, &admission)).await.expect(200);
    let (_, token) = begun["transfer"]["link"].as_str().unwrap().split_once("?token=").unwrap();
    let accept = post(format!("{}/accept", path(&admission)), json!({ "token": token }));
    (ticket, admission, shop.repeatable(accept))
}

struct Name;

impl Operation for Name {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "naming a guest";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let wish = json!({ "title": shop.word(), "asksNames": true });
        let ticket = shop.seller.list(wish).await.expect(201);
        shop.settled().await;
        let order = shop.buyer.hold(&ticket).await.expect(201);
        shop.settled().await;
        let admission = paid(shop, &order).await;
        let request = put(format!("{}/name", path(&admission)), json!({ "name": "Ann" }));
        (ticket, admission, shop.repeatable(request))
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, request): &Self::Scene) {
        let answer = shop.buyer.send(request).await.expect(200);
        let shown = shop.buyer.get(&path(admission)).await.expect(200);
        assert_eq!(shown, answer);
        assert_eq!((&shown["version"], &shown["name"]), (&json!(2), &json!("Ann")));
        let entered = shop.seller.scans(ticket, "North", &shown["code"]).await;
        assert_eq!((&entered["verdict"], &entered["name"]), (&json!("admitted"), &json!("Ann")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_a_guest() {
    every_point::<Name>().await;
}

struct Transfer;

impl Operation for Transfer {
    type Scene = (Value, Request);
    const NAME: &'static str = "handing a ticket on";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (_, admission) = bought(shop).await;
        let request = transfer(shop, &admission);
        (admission, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (admission, request): &Self::Scene) {
        let answer = shop.buyer.send(request).await.expect(200);
        let shown = shop.buyer.get(&path(admission)).await.expect(200);
        assert_eq!(shown, answer);
        assert_eq!((&shown["version"], &shown["code"]), (&json!(2), &admission["code"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handing_on() {
    every_point::<Transfer>().await;
}

struct TakeBack;

impl Operation for TakeBack {
    type Scene = (Value, Request, Request);
    const NAME: &'static str = "taking a ticket back";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (_, admission, accept) = transferring(shop).await;
        let request = shop.repeatable(delete(format!("{}/transfer", path(&admission))));
        (admission, accept, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.buyer.exchange(request).await;
    }

    async fn verify(shop: &Shop, (admission, accept, request): &Self::Scene) {
        shop.buyer.send(request).await.expect(200);
        shop.seller.send(accept).await.refuses(409, "ended");
        let shown = shop.buyer.get(&path(admission)).await.expect(200);
        assert_eq!((&shown["generation"], &shown["code"]), (&json!(1), &admission["code"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_back() {
    every_point::<TakeBack>().await;
}

struct Accept;

impl Operation for Accept {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "accepting a ticket";

    async fn prepare(shop: &Shop) -> Self::Scene {
        transferring(shop).await
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, request): &Self::Scene) {
        let accepted = shop.seller.send(request).await.expect(200);
        assert_eq!(accepted["generation"], 2, "{accepted:#}");
        shop.buyer.get(&path(admission)).await.expect(403);
        let old = shop.seller.scans(ticket, "North", &admission["code"]).await;
        assert_eq!(old["verdict"], "void", "{old:#}");
        let new = shop.seller.scans(ticket, "North", &accepted["code"]).await;
        assert_eq!(new["verdict"], "admitted", "{new:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting() {
    every_point::<Accept>().await;
}

/// The request that scans the admission's code, and another that scans it again.
fn scan(ticket: &Value, admission: &Value, scan: Uuid) -> Request {
    let scan = json!({ "id": scan, "code": admission["code"] });
    let body = json!({ "door": "North", "scans": [scan] });
    post(format!("/api/door/{}/scans", id(ticket)), body)
}

struct Scan;

impl Operation for Scan {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "letting somebody in";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, admission) = bought(shop).await;
        // Without an Idempotency-Key: the scan's own id does.
        let request = scan(&ticket, &admission, Uuid::now_v7());
        (ticket, admission, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, request): &Self::Scene) {
        let scans = shop.seller.send(request).await.expect(200);
        assert_eq!(scans["results"][0]["verdict"], "admitted", "{scans:#}");
        let again = shop.seller.scans(ticket, "South", &admission["code"]).await;
        assert_eq!(again["verdict"], "used", "{again:#}");
        let noted = "SELECT COUNT(*) FROM admissions_scans WHERE admission_id = ?1";
        assert_eq!(shop.number(noted, id(admission)), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_in() {
    every_point::<Scan>().await;
}

/// A door tells of an entry that it decided on by itself, after somebody else has entered.
struct Tell;

impl Operation for Tell {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "telling of an entry that a door decided on";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, admission) = bought(shop).await;
        shop.seller.send(&scan(&ticket, &admission, Uuid::now_v7())).await.expect(200);
        let told = json!({ "id": Uuid::now_v7(), "code": admission["code"], "admitted": true });
        let body = json!({ "door": "South", "scans": [told] });
        let request = post(format!("/api/door/{}/scans", id(&ticket)), body);
        (ticket, admission, request)
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, request): &Self::Scene) {
        let scans = shop.seller.send(request).await.expect(200);
        assert_eq!(scans["results"][0]["verdict"], "used", "{scans:#}");
        let doubles = shop.seller.get(&format!("/api/door/{}/doubles", id(ticket))).await;
        let doubles = doubles.expect(200);
        assert_eq!(doubles["items"].as_array().unwrap().len(), 1, "{doubles:#}");
        let kept = "SELECT COUNT(*) FROM admissions_scans WHERE admission_id = ?1 AND admitted = 1";
        assert_eq!(shop.number(kept, id(admission)), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn telling_of_an_entry() {
    every_point::<Tell>().await;
}

struct Undo;

impl Operation for Undo {
    type Scene = (Value, Value, Request);
    const NAME: &'static str = "taking an entry back";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, admission) = bought(shop).await;
        let first = Uuid::now_v7();
        shop.seller.send(&scan(&ticket, &admission, first)).await.expect(200);
        let undo = delete(format!("/api/door/{}/scans/{first}", id(&ticket)));
        (ticket, admission, shop.repeatable(undo))
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.seller.exchange(request).await;
    }

    async fn verify(shop: &Shop, (ticket, admission, request): &Self::Scene) {
        shop.seller.send(request).await.expect(204);
        let again = shop.seller.scans(ticket, "North", &admission["code"]).await;
        assert_eq!(again["verdict"], "admitted", "{again:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_an_entry_back() {
    every_point::<Undo>().await;
}

struct GiveStaff;

impl Operation for GiveStaff {
    type Scene = (Value, Request);
    const NAME: &'static str = "giving staff a link and ending it";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let ticket = shop.listing(1).await;
        let body = json!({ "name": "North" });
        let request = shop.repeatable(post(format!("/api/door/{}/staff", id(&ticket)), body));
        (ticket, request)
    }

    async fn act(shop: &Shop, (ticket, request): &Self::Scene) {
        let answer = shop.seller.exchange(request).await;
        if answer.status == 201 {
            let end = format!("/api/door/{}/staff/{}", id(ticket), id(&answer.body));
            shop.seller.exchange(&delete(end)).await;
        }
    }

    async fn verify(shop: &Shop, (ticket, request): &Self::Scene) {
        let staff = shop.seller.send(request).await.expect(201);
        let all = format!("/api/door/{}/staff", id(ticket));
        let end = format!("{all}/{}", id(&staff));
        shop.seller.send(&shop.repeatable(delete(end))).await.expect(204);
        assert_eq!(shop.seller.get(&all).await.expect(200), json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_staff_a_link() {
    every_point::<GiveStaff>().await;
}

/// Sales that an older program made are told again by a tick.
struct TellAgain;

impl Operation for TellAgain {
    type Scene = Value;
    const NAME: &'static str = "a tick that tells of an older program's sale";
    const CONCERNS: &'static [&'static str] = &["orders-worker", "admissions-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (_, order) = shop.held().await;
        shop.buyer.send(&pay(shop, &order, VISA)).await.expect(201);
        shop.settled().await;
        let (database, order_id) = (shop.app.database(), id(&order));
        for sql in [
            format!("DELETE FROM admissions_admissions WHERE order_id = '{order_id}'"),
            format!("DELETE FROM admissions_orders WHERE id = '{order_id}'"),
            format!("UPDATE orders_orders SET told_version = 0 WHERE id = '{order_id}'"),
        ] {
            database.execute(&sql).unwrap();
        }
        order
    }

    async fn verify(shop: &Shop, order: &Self::Scene) {
        shop.buyer.admissions(order, 1).await;
        let untold = "SELECT COUNT(*) FROM orders_orders WHERE id = ?1 AND told_version < version";
        assert_eq!(shop.number(untold, id(order)), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_tells_again() {
    every_point::<TellAgain>().await;
}
