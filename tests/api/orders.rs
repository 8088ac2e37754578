//! `/api/orders…`: holding tickets, and one's own orders.

use boxoffice_tests::person::listing;
use boxoffice_tests::{App, Person, Row, check, delete, eventually, get, id, post, row};
use serde_json::{Value, json};

const ORDERS: &str = "/api/orders";
const NOBODYS: &str = "01980f3c-0000-7000-8000-000000000000";

fn path(order: &Value) -> String {
    format!("{ORDERS}/{}", id(order))
}

/// An order of `ticket` that is paid for.
async fn bought(buyer: &Person, ticket: &Value) -> Value {
    let order = buyer.hold(ticket).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await
}

#[tokio::test]
async fn a_hold_says_what_until_when_and_for_how_much() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller
        .list(json!({
            "title": "The Paper Kites", "price": 4500, "currency": "CHF", "quantity": 5,
            "venue": "Old Mill", "city": "Basel", "startsAt": "2030-06-12T18:30:00Z",
            "timeZone": "Europe/Zurich",
        }))
        .await
        .expect(201);
    let wish = json!({ "ticketId": ticket["id"], "quantity": 3 });
    let answer = buyer.post(ORDERS, wish).await;
    let answer = answer.shows(
        201,
        json!({
            "status": "created", "quantity": 3, "amount": 13500, "currency": "CHF",
            "createdAt": "2030-03-01T12:00:00Z", "expiresAt": "2030-03-01T12:15:00Z", "version": 1,
            "sellerId": seller.id(),
            "ticket": {
                "id": ticket["id"], "title": "The Paper Kites", "price": 4500,
                "venue": "Old Mill", "city": "Basel", "startsAt": "2030-06-12T18:30:00Z",
                "timeZone": "Europe/Zurich",
            },
        }),
    );
    assert!(answer.body.get("cancelReason").is_none(), "it is not cancelled: {answer}");
    assert_eq!(answer.header("location"), path(&answer.body));
    assert_eq!(answer.header("etag"), "\"1\"");
    let shown = buyer.get(&path(&answer.body)).await;
    assert_eq!(shown.header("etag"), "\"1\"");
    assert_eq!(shown.expect(200), answer.body);
    buyer.sees_ticket(&ticket, json!({ "quantity": 5, "available": 2, "status": "open" })).await;
    app.client().hold(&ticket).await.expect(401);
}

#[tokio::test]
async fn hold_seconds_says_how_long_a_hold_lasts() {
    let app = App::start_with([("hold_seconds", "60")]).await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    buyer.hold(&ticket).await.shows(201, json!({ "expiresAt": "2030-03-01T12:01:00Z" }));
}

#[tokio::test]
async fn a_listing_can_be_held_as_soon_as_it_is_there() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    for _ in 0..10 {
        let ticket = seller.list(json!({})).await.expect(201);
        buyer.hold(&ticket).await.expect(201);
    }
}

#[tokio::test]
async fn what_is_no_order_is_refused_with_all_that_is_wrong() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "price": 99_999_999, "quantity": 1000 })).await.expect(201);
    let order = |body: Value, status| row(body.to_string(), post(ORDERS, body), status);
    let quantity = |quantity: Value| {
        order(json!({ "ticketId": ticket["id"], "quantity": quantity }), 400).fields(["quantity"])
    };
    let good = || post(ORDERS, json!({ "ticketId": ticket["id"] }));
    let rows = [
        order(json!({}), 400).fields(["ticketId"]),
        order(json!({ "ticketId": null }), 400).fields(["ticketId"]),
        order(json!({ "ticketId": "1" }), 400).fields(["ticketId"]),
        order(json!({ "ticketId": 1 }), 400).fields(["ticketId"]),
        order(json!({ "ticketId": "x", "quantity": 0, "amount": 1 }), 400)
            .fields(["ticketId", "quantity", "amount"]),
        quantity(json!(0)),
        quantity(json!(-1)),
        quantity(json!(1001)),
        quantity(json!(1.5)),
        quantity(json!("2")),
        // More than can be paid at once.
        quantity(json!(2)),
        order(json!({ "ticketId": NOBODYS }), 404),
        order(json!({ "ticketId": buyer.id() }), 404),
        row("no JSON", good().body("["), 400),
        row("no type", good().untyped(), 415),
        row("too long", good().body(vec![b' '; 64 * 1024 + 1]), 413),
        row("and this one is right", good(), 201),
    ];
    check(&buyer, rows).await;
    check(&app.client(), [row("nobody", good(), 401)]).await;
    check(&seller, [row("one's own listing", good(), 403)]).await;
}

#[tokio::test]
async fn a_hold_is_for_the_price_that_was_seen() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 5, "price": 9900, "currency": "GBP" })).await;
    let ticket = ticket.expect(201);
    let hold = async |seen: &str| {
        let body = json!({ "ticketId": ticket["id"], "quantity": 2 });
        buyer.send(&post(ORDERS, body).header("x-expected-price", seen)).await
    };
    for seen in ["9900", "99.00-GBP", "9900-gbp", "-GBP", "9900-GBP, 1-GBP", "é"] {
        hold(seen).await.expect(400);
    }
    for seen in ["9899-GBP", "9900-EUR", "0-GBP"] {
        hold(seen).await.refuses(409, "price_changed");
    }
    hold("9900-GBP").await.shows(201, json!({ "amount": 19_800 }));
    let other = listing(json!({ "quantity": 5, "price": 19_900, "currency": "GBP" }));
    let ticket = seller.list(other.clone()).await.expect(201);
    let cheaper = json!({ "quantity": 5, "price": 4_900, "currency": "GBP" });
    let edited = listing(cheaper);
    seller.put(&format!("/api/tickets/{}", id(&ticket)), edited).await.expect(200);
    let body = json!({ "ticketId": ticket["id"] });
    let hold = |seen: &str| post(ORDERS, body.clone()).header("x-expected-price", seen);
    buyer.send(&hold("19900-GBP")).await.refuses(409, "price_changed");
    buyer.send(&hold("4900-GBP")).await.shows(201, json!({ "amount": 4_900 }));
}

#[tokio::test]
async fn what_is_not_to_be_had_is_refused_with_the_reason() {
    let app = App::start().await;
    let (seller, other, buyer) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let list = async |wish| seller.list(wish).await.expect(201);
    let (held, sold) = (list(json!({})).await, list(json!({})).await);
    let few = list(json!({ "quantity": 5 })).await;
    let withdrawn = list(json!({})).await;
    let soon = list(json!({ "startsAt": app.time(3600) })).await;
    other.hold(&held).await.expect(201);
    other.hold_many(&few, 3).await.expect(201);
    bought(&other, &sold).await;
    seller.delete(&format!("/api/tickets/{}", id(&withdrawn))).await.expect(204);
    let is_known = |answer: &boxoffice_tests::Answer| answer.body["code"] == "withdrawn";
    eventually("orders knows what is withdrawn", async || buyer.hold(&withdrawn).await, is_known)
        .await;
    let hold = |name: &str, ticket: &Value, quantity: i64, code: &str| -> Row {
        let body = json!({ "ticketId": ticket["id"], "quantity": quantity });
        row(name, post(ORDERS, body), 409).code(code)
    };
    let rows = [
        hold("held by another", &held, 1, "reserved"),
        hold("sold", &sold, 1, "sold"),
        hold("more than are left", &few, 3, "not_enough"),
        hold("withdrawn", &withdrawn, 1, "withdrawn"),
    ];
    check(&buyer, rows).await;
    check(&other, [hold("held by oneself", &held, 1, "reserved")]).await;
    buyer.hold_many(&few, 2).await.expect(201);
    check(&buyer, [hold("none is left", &few, 1, "reserved")]).await;
    app.advance(3600);
    check(&buyer, [hold("it has begun", &soon, 1, "begun")]).await;
    buyer.sees_ticket(&held, json!({ "status": "held", "available": 0 })).await;
    buyer.sees_ticket(&sold, json!({ "status": "sold", "available": 0 })).await;
    let own = seller.post(ORDERS, json!({ "ticketId": sold["id"] })).await;
    own.expect(403);
}

#[tokio::test]
async fn people_see_their_own_orders_newest_first() {
    let app = App::start().await;
    let (seller, buyer, other) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 100 })).await.expect(201);
    let mut held = Vec::new();
    for _ in 0..7 {
        held.insert(0, id(&buyer.hold(&ticket).await.expect(201)).to_owned());
        app.a_moment_passes();
        other.hold(&ticket).await.expect(201);
        app.a_moment_passes();
    }
    let all = buyer.get(ORDERS).await;
    assert_eq!(all.header("link"), "");
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|order| id(order).to_owned()).collect()
    };
    assert_eq!(ids(&all.clone().expect(200)), held);
    assert!(all.body.get("nextCursor").is_none());
    let first = buyer.get("/api/orders?limit=3").await;
    let next =
        first.header("link").strip_prefix('<').unwrap().split_once('>').unwrap().0.to_owned();
    let second = buyer.get(&next).await.expect(200);
    let cursor = second["nextCursor"].as_str().unwrap();
    let third = buyer.get(&format!("/api/orders?limit=3&cursor={cursor}")).await.expect(200);
    let walked = [ids(&first.expect(200)), ids(&second), ids(&third)];
    assert_eq!(walked.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(walked.concat(), held);
    let theirs = other.get(&next).await.expect(200);
    assert!(ids(&theirs).iter().all(|id| !held.contains(id)), "a cursor opens no one's list");
    app.sign_up().await.get(ORDERS).await.shows(200, json!({ "items": [] }));
    check(&app.client(), [row("nobody", get(ORDERS), 401)]).await;
    let wrong = ["limit=0", "limit=101", "limit=ten"]
        .map(|query| row(query, get(format!("{ORDERS}?{query}")), 400).fields(["limit"]));
    check(&buyer, wrong).await;
    check(&buyer, [row("an empty limit", get("/api/orders?limit="), 200)]).await;
    check(&buyer, [row("unknown", get("/api/orders?x=1"), 400).fields(["x"])]).await;
}

#[tokio::test]
async fn an_order_is_its_buyers_business() {
    let app = App::start().await;
    let (seller, buyer, other) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    let both = |name: &str, path: &str, status| {
        let show = row(format!("show: {name}"), get(path), status);
        [show, row(format!("cancel: {name}"), delete(path), status)]
    };
    let to = path(&order);
    check(&app.client(), both("nobody", &to, 401)).await;
    check(&seller, both("its seller", &to, 403)).await;
    check(&other, both("somebody else", &to, 403)).await;
    check(&buyer, both("nobody's order", &format!("{ORDERS}/{NOBODYS}"), 404)).await;
    check(&buyer, both("no id", &format!("{ORDERS}/1"), 404)).await;
    check(&buyer, both("a listing's id", &format!("{ORDERS}/{}", id(&ticket)), 404)).await;
    buyer.get(&to).await.shows(200, json!({ "status": "created", "version": 1 }));
}

#[tokio::test]
async fn giving_up_a_hold_puts_the_tickets_back_on_sale() {
    let app = App::start().await;
    let (seller, buyer, other) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    other.hold(&ticket).await.refuses(409, "reserved");
    let rows = [
        row("once", delete(path(&order)), 204),
        row("twice", delete(path(&order)), 204),
        row("what it is now", get(path(&order)), 200)
            .shows(json!({ "status": "cancelled", "cancelReason": "buyer", "version": 2 })),
    ];
    check(&buyer, rows).await;
    let theirs = other.hold(&ticket).await.expect(201);
    check(&buyer, [row("a cancel too many", delete(path(&order)), 204)]).await;
    buyer.hold(&ticket).await.refuses(409, "reserved");
    other.get(&path(&theirs)).await.shows(200, json!({ "status": "created" }));
}

#[tokio::test]
async fn what_is_bought_cannot_be_given_up() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let order = bought(&buyer, &ticket).await;
    check(&buyer, [row("cancel", delete(path(&order)), 409).code("complete")]).await;
    buyer.get(&path(&order)).await.shows(200, json!({ "status": "complete" }));
}

#[tokio::test]
async fn a_hold_that_ran_out_is_cancelled_and_sold_to_others() {
    let app = App::start().await;
    let (seller, buyer, other) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    buyer.sees_ticket(&ticket, json!({ "status": "held" })).await;
    app.advance(899);
    app.tick().await;
    buyer.get(&path(&order)).await.shows(200, json!({ "status": "created" }));
    app.advance(1);
    app.tick().await;
    let over = json!({ "status": "cancelled", "cancelReason": "expired" });
    buyer.sees_order(&order, over).await;
    buyer.sees_ticket(&ticket, json!({ "status": "open", "available": 1 })).await;
    check(&buyer, [row("a cancel changes nothing", delete(path(&order)), 204)]).await;
    buyer.get(&path(&order)).await.shows(200, json!({ "cancelReason": "expired" }));
    other.hold(&ticket).await.expect(201);
}
