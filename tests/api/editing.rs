//! `PUT /api/tickets/{id}`, `DELETE /api/tickets/{id}`: changing a listing, and taking it back.

use boxoffice_tests::person::listing;
use boxoffice_tests::{App, Person, Request, check, delete, get, id, put, row};
use serde_json::{Value, json};

const NOBODYS: &str = "/api/tickets/01980f3c-0000-7000-8000-000000000000";

fn path(ticket: &Value) -> String {
    format!("/api/tickets/{}", id(ticket))
}

/// A listing that is sold out.
async fn sold_out(seller: &Person, buyer: &Person) -> Value {
    let ticket = seller.list(json!({})).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    seller.sees_ticket(&ticket, json!({ "status": "sold" })).await
}

#[tokio::test]
async fn an_edit_replaces_all_that_the_seller_wrote() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let wish = json!({ "venue": "Old Mill", "city": "Basel", "description": "Row 7", "quantity": 2, "resaleCap": 50, "transferLimit": 3, "asksNames": true });
    let ticket = seller.list(wish).await.expect(201);
    app.advance(60);
    let change = json!({ "title": "New", "price": 900, "quantity": 5, "city": "Bern" });
    let answer = seller.put(&path(&ticket), change).await;
    let answer = answer.shows(
        200,
        json!({
            "id": ticket["id"], "sellerId": ticket["sellerId"], "createdAt": ticket["createdAt"],
            "title": "New", "price": 900, "quantity": 5, "available": 5, "status": "open",
            "city": "Bern", "currency": "USD", "venue": null, "description": null, "version": 2,
            "resaleCap": 100, "transferLimit": null, "asksNames": false,
        }),
    );
    assert_eq!(answer.header("etag"), "\"2\"");
    let shown = app.client().get(&path(&ticket)).await;
    assert_eq!(shown.header("etag"), "\"2\"");
    assert_eq!(shown.expect(200), answer.body);
    let found = app.client().get("/api/tickets?city=bern&q=new").await.expect(200);
    assert_eq!(found["items"], json!([answer.body]), "searches go by what is there now");
    let found = app.client().get("/api/tickets?q=mill").await.expect(200);
    assert_eq!(found["items"], json!([]));
}

#[tokio::test]
async fn buyers_get_what_the_seller_wrote_last() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "price": 1000 })).await.expect(201);
    seller.put(&path(&ticket), listing(json!({ "title": "New", "price": 2000 }))).await.expect(200);
    let held = async || buyer.hold(&ticket).await;
    let order =
        boxoffice_tests::eventually("it can be held", held, |answer| answer.status != 409).await;
    order.shows(201, json!({ "amount": 2000, "ticket": { "title": "New", "price": 2000 } }));
}

#[tokio::test]
async fn an_order_keeps_the_price_at_which_it_was_made() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket =
        seller.list(json!({ "title": "Old", "price": 1000, "quantity": 2 })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let change = listing(json!({ "title": "New", "price": 2000, "quantity": 2 }));
    seller.put(&path(&ticket), change).await.shows(200, json!({ "quantity": 2, "available": 1 }));
    let kept = json!({
        "amount": 1000, "ticket": { "title": "New", "price": 1000 },
        "changed": { "was": { "title": "Old" } },
    });
    buyer.sees_order(&order, kept).await;
}

/// An order shows its event as it is now, and what it was when it was ordered.
#[tokio::test]
async fn orders_follow_their_event() {
    let app = App::start().await;
    let (seller, buyer, late) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let was = json!({
        "title": "Kites", "venue": "Old Mill", "city": "Basel",
        "startsAt": "2030-06-12T18:00:00Z", "timeZone": "Europe/Zurich",
    });
    let ticket = seller.list(was.clone()).await.expect(201);
    let order = buyer.buy(&ticket, 1).await;
    assert!(order.get("changed").is_none() && order["ticket"].get("revision").is_none());
    let own = format!("/api/orders/{}", id(&order));
    let look = async || buyer.get(&own).await.expect(200);
    let before = buyer.get(&own).await.header("etag").to_owned();
    seller.sees_ticket(&ticket, json!({ "status": "sold" })).await;
    let edit = async |wish: Value| {
        let mut draft = listing(was.clone());
        draft["quantity"] = json!(2);
        for (name, value) in wish.as_object().unwrap() {
            draft[name] = value.clone();
        }
        seller.put(&path(&ticket), draft).await.expect(200);
    };
    edit(json!({ "description": "Doors at 19:00" })).await;
    let is_revised = |order: &Value| order["ticket"]["revision"].is_i64();
    let seen =
        boxoffice_tests::eventually("orders has heard", async || look().await, is_revised).await;
    let first = seen["ticket"]["revision"].as_i64();
    assert!(seen.get("changed").is_none(), "a description is not the event: {seen:#}");

    let is = json!({ "venue": "New Mill", "startsAt": "2030-06-13T18:00:00Z" });
    edit(is.clone()).await;
    let until = app.time(14 * 86_400);
    let changed = json!({ "at": app.time(0), "was": was, "refundableUntil": until });
    let seen = buyer.sees_order(&order, json!({ "ticket": is, "changed": changed })).await;
    assert!(seen["ticket"]["revision"].as_i64() > first, "{seen:#}");
    assert_ne!(buyer.get(&own).await.header("etag"), before);
    let page = buyer.get("/api/orders").await.expect(200);
    assert_eq!(page["items"][0], seen, "lists say the same");

    let second = late.buy(&ticket, 1).await;
    assert!(second.get("changed").is_none(), "it was bought as it is: {second:#}");
    edit(json!({})).await;
    let back = |order: &Value| order.get("changed").is_none();
    boxoffice_tests::eventually("it is what was bought again", async || look().await, back).await;
    late.sees_order(&second, json!({ "changed": { "was": is } })).await;
}

#[tokio::test]
async fn edits_are_refused_with_what_is_wrong() {
    let app = App::start().await;
    let (seller, other) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let good = |path: &str| put(path, listing(json!({ "title": "New" })));
    let to = path(&ticket);
    check(&app.client(), [row("nobody", good(&to), 401)]).await;
    check(&other, [row("somebody else", good(&to), 403), row("nobody's", good(NOBODYS), 404)])
        .await;
    let rows = [
        row("no such listing", good(NOBODYS), 404),
        row("no id", good("/api/tickets/1"), 404),
        row("nothing", put(&to, json!({})), 400).fields(["title", "price"]),
        row("wrong fields", put(&to, json!({ "title": "", "price": 0, "id": "x" })), 400)
            .fields(["title", "price", "id"]),
        row("its own answer", put(&to, ticket.clone()), 400).fields([
            "id",
            "available",
            "status",
            "sellerId",
            "createdAt",
            "version",
        ]),
        row("no JSON", good(&to).body("{"), 400),
        row("no type", good(&to).untyped(), 415),
        row("too long", good(&to).body(vec![b' '; 64 * 1024 + 1]), 413),
    ];
    check(&seller, rows).await;
    app.client().get(&to).await.shows(200, json!({ "title": ticket["title"], "version": 1 }));
}

#[tokio::test]
async fn if_match_guards_against_overwriting() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    let edit = |title: &str, tag: &str| {
        put(path(&ticket), listing(json!({ "title": title }))).header("if-match", tag)
    };
    let rows = [
        row("what was read", edit("second", "\"1\""), 200).header("etag", "\"2\""),
        row("what was read before", edit("third", "\"1\""), 412),
        row("without quotes", edit("third", "2"), 412),
        row("a weak tag", edit("third", "W/\"2\""), 412),
        row("nonsense", edit("third", "x"), 412),
        row("one of several", edit("third", "\"1\", \"2\""), 200).header("etag", "\"3\""),
        row("any", edit("fourth", "*"), 200).header("etag", "\"4\""),
        row(
            "withdraw what was read before",
            delete(path(&ticket)).header("if-match", "\"3\""),
            412,
        ),
        row("withdraw what was read", delete(path(&ticket)).header("if-match", "\"4\""), 204),
    ];
    check(&seller, rows).await;
    seller.get(&path(&ticket)).await.shows(200, json!({ "title": "fourth" }));
    app.client().get(&path(&ticket)).await.expect(404);
}

#[tokio::test]
async fn a_listing_changes_while_someone_checks_out() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 5 })).await.expect(201);
    let order = buyer.hold_many(&ticket, 2).await.expect(201);
    let edit = |wish| put(path(&ticket), listing(wish));
    let other_currency = json!({ "quantity": 5, "currency": "USD" });
    let rows = [
        row("fewer than held", edit(json!({ "quantity": 1 })), 400).fields(["quantity"]),
        row("another currency", edit(other_currency), 400).fields(["currency"]),
        row("as many as held", edit(json!({ "title": "New", "quantity": 2 })), 200)
            .shows(json!({ "title": "New", "available": 0, "status": "held" })),
        row("a text", edit(json!({ "description": "Doors at 19:00", "quantity": 5 })), 200)
            .shows(json!({ "available": 3, "status": "open" })),
        row("withdraw", delete(path(&ticket)), 204),
    ];
    check(&seller, rows).await;
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
}

/// A fan could enter with a ticket again whose offer has ended, and its buyer would pay for nothing.
#[tokio::test]
async fn a_fans_ticket_stays_on_sale_while_someone_checks_out() {
    let app = App::start().await;
    let (seller, fan, buyer) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let order = fan.buy(&ticket, 1).await;
    let admission = fan.admissions(&order, 1).await.remove(0);
    let offer = format!("/api/admissions/{}/offer", id(&admission));
    let offered = fan.post(&offer, json!({ "price": 2000 })).await.expect(200);
    let offer = json!({ "id": offered["offer"]["ticketId"] });
    fan.sees_ticket(&offer, json!({ "status": "open" })).await;
    let hold = buyer.hold(&offer).await.expect(201);
    check(&fan, [row("held", delete(path(&offer)), 409).code("held")]).await;
    buyer.cancel(&hold).await.expect(204);
    check(&fan, [row("free again", delete(path(&offer)), 204)]).await;
}

#[tokio::test]
async fn a_sold_out_listing_is_changed_and_not_withdrawn() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = sold_out(&seller, &buyer).await;
    let edit = |wish| put(path(&ticket), listing(wish));
    let moved = json!({ "startsAt": "2030-06-13T18:00:00Z" });
    let rows = [
        row("withdraw", delete(path(&ticket)), 409).code("sold"),
        row("moved", edit(moved), 200).shows(json!({ "status": "sold", "available": 0 })),
        row("one more", edit(json!({ "quantity": 2 })), 200)
            .shows(json!({ "status": "open", "available": 1 })),
    ];
    check(&seller, rows).await;
}

#[tokio::test]
async fn no_fewer_are_listed_than_are_sold() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 5 })).await.expect(201);
    let order = buyer.hold_many(&ticket, 3).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let edit = |quantity| put(path(&ticket), listing(json!({ "quantity": quantity })));
    let rows = [
        row("fewer than sold", edit(2), 400).fields(["quantity"]),
        row("as many as sold", edit(3), 200)
            .shows(json!({ "quantity": 3, "available": 0, "status": "sold" })),
        row("more again", edit(4), 200).shows(json!({ "available": 1, "status": "open" })),
    ];
    check(&seller, rows).await;
}

#[tokio::test]
async fn withdrawing_takes_a_listing_off_sale_for_good() {
    let app = App::start().await;
    let (seller, other) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 2 })).await.expect(201);
    let to = path(&ticket);
    check(&app.client(), [row("nobody", delete(&to), 401)]).await;
    check(&other, [row("somebody else", delete(&to), 403)]).await;
    let rows = [
        row("no such listing", delete(NOBODYS), 404),
        row("no id", delete("/api/tickets/1"), 404),
        row("its seller", delete(&to), 204),
        row("twice is as good as once", delete(&to), 204),
        row("an edit is too late", put(&to, listing(json!({}))), 409).code("withdrawn"),
    ];
    check(&seller, rows).await;
    check(&other, [row("somebody else, after that", delete(&to), 403)]).await;
    let gone = json!({ "status": "withdrawn", "available": 0, "version": 2 });
    seller.get(&to).await.shows(200, gone);
    let page = format!("/tickets/{}", id(&ticket));
    for stranger in [&app.client(), &other] {
        stranger.get(&to).await.expect(404);
        assert_eq!(stranger.exchange(&get(&page).header("accept", "text/html")).await.status, 404);
    }
    app.client().get("/api/tickets").await.shows(200, json!({ "items": [] }));
    let refused = async || other.hold(&ticket).await;
    let is_withdrawn = |answer: &boxoffice_tests::Answer| answer.body["code"] == "withdrawn";
    let answer = boxoffice_tests::eventually("orders has heard", refused, is_withdrawn).await;
    assert_eq!(answer.status, 409);
}

#[tokio::test]
async fn what_is_sold_of_a_withdrawn_listing_stays_sold() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 2 })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    seller.delete(&path(&ticket)).await.expect(204);
    buyer
        .get(&format!("/api/orders/{}", id(&order)))
        .await
        .shows(200, json!({ "status": "complete" }));
    buyer.sees_ticket(&ticket, json!({ "status": "withdrawn" })).await;
    let page = format!("/tickets/{}", id(&ticket));
    assert_eq!(buyer.exchange(&get(&page).header("accept", "text/html")).await.status, 200);
    app.sign_up().await.get(&path(&ticket)).await.expect(404);
}

#[tokio::test]
async fn of_edits_at_once_each_is_whole() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    let edits: Vec<Request> = (101..=110)
        .map(|n| put(path(&ticket), listing(json!({ "title": format!("title {n}"), "price": n }))))
        .collect();
    let answers = futures::future::join_all(edits.iter().map(|edit| seller.send(edit))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(
        done > 0 && answers.iter().all(|answer| matches!(answer.status, 200 | 409)),
        "{answers:#?}"
    );
    let now = app.client().get(&path(&ticket)).await.expect(200);
    assert_eq!(now["version"], 1 + done, "each edit that was answered with 200 counts once");
    assert_eq!(now["title"], format!("title {}", now["price"]), "no edit is mixed with another");
    let guarded = |title: &str| {
        let tag = format!("\"{}\"", 1 + done);
        put(path(&ticket), listing(json!({ "title": title }))).header("if-match", tag)
    };
    let guarded = ["a", "b", "c", "d", "e"].map(guarded);
    let answers = futures::future::join_all(guarded.iter().map(|edit| seller.send(edit))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(200), 1, "based on one version, one edit is made: {answers:#?}");
    assert_eq!(count(200) + count(409) + count(412), 5, "{answers:#?}");
}
