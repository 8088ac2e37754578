//! `PUT /api/admissions/{id}/name`: who comes with a ticket, where the organizer asks.

use boxoffice_tests::{App, Person, Request, check, get, id, post, put, row};
use serde_json::{Value, json};
use uuid::Uuid;

const NOBODYS: &str = "/api/admissions/01980f3c-0000-7000-8000-000000000000";

fn path(admission: &Value) -> String {
    format!("/api/admissions/{}", id(admission))
}

fn naming(admission: &Value, name: &str) -> Request {
    put(format!("{}/name", path(admission)), json!({ "name": name }))
}

/// A shop whose organizer asks for names or does not, and a buyer of its tickets.
struct Stage {
    app: App,
    seller: Person,
    buyer: Person,
    ticket: Value,
    admissions: Vec<Value>,
}

impl Stage {
    async fn set(asks_names: bool, quantity: i64) -> Self {
        let app = App::start().await;
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        let wish = json!({ "quantity": 5, "asksNames": asks_names });
        let ticket = seller.list(wish).await.expect(201);
        let order = buyer.buy(&ticket, quantity).await;
        let admissions = buyer.admissions(&order, usize::try_from(quantity).unwrap()).await;
        Self { app, seller, buyer, ticket, admissions }
    }

    fn door(&self) -> String {
        format!("/api/door/{}", id(&self.ticket))
    }

    /// The first of the tickets, with the name and the code.
    async fn named(&self, name: &str) -> Value {
        self.buyer.send(&naming(&self.admissions[0], name)).await.expect(200)
    }

    async fn guests(&self) -> Value {
        self.seller.get(&format!("{}/guests", self.door())).await.expect(200)["items"].clone()
    }
}

/// Tells whether an answer has none of these fields.
fn is_without(body: &Value, fields: &[&str]) -> bool {
    fields.iter().all(|field| body.get(*field).is_none())
}

#[tokio::test]
async fn a_ticket_has_no_code_before_its_guest_has_a_name() {
    let stage = Stage::set(true, 1).await;
    let Stage { app, buyer, admissions, .. } = &stage;
    let bare = &admissions[0];
    assert_eq!(bare["needsName"], true, "{bare:#}");
    assert!(is_without(bare, &["code", "name"]), "{bare:#}");
    let pdf = || get(format!("{}.pdf", path(bare)));
    buyer.send(&pdf()).await.refuses(409, "needs_name");

    let request = naming(bare, " Zoë Ångström ").key("naming");
    let named = buyer.send(&request).await;
    assert_eq!(named.header("etag"), "\"2\"");
    let named = named.shows(200, json!({ "name": "Zoë Ångström", "version": 2, "generation": 1 }));
    assert!(named.body["code"].is_string() && is_without(&named.body, &["needsName"]), "{named}");
    assert!(buyer.send(&request).await.is_replay());
    assert_eq!(buyer.get(&path(bare)).await.expect(200), named.body);
    let printed = buyer.send(&pdf()).await;
    assert_eq!((printed.status, printed.header("content-type")), (200, "application/pdf"));
    app.audit().await;
}

#[tokio::test]
async fn a_name_can_be_changed_until_somebody_has_entered() {
    let stage = Stage::set(true, 2).await;
    let Stage { app, seller, buyer, ticket, admissions } = &stage;
    let first = stage.named("Ann").await;
    let second = stage.named("Anna").await;
    assert_eq!((&second["name"], &second["version"]), (&json!("Anna"), &json!(3)));
    assert_eq!(second["code"], first["code"], "a saved code still lets in");
    let entered = seller.scans(ticket, "North", &first["code"]).await;
    assert_eq!((&entered["verdict"], &entered["name"]), (&json!("admitted"), &json!("Anna")));
    buyer.send(&naming(&admissions[0], "Bob")).await.refuses(409, "used");
    let shown = buyer.get(&path(&admissions[0])).await.expect(200);
    assert_eq!((&shown["name"], &shown["status"]), (&json!("Anna"), &json!("used")));
    let other = buyer.get(&path(&admissions[1])).await.expect(200);
    assert_eq!(other["needsName"], true, "each has a name of its own");
    app.audit().await;
}

#[tokio::test]
async fn a_name_has_its_bounds_and_its_holder() {
    let stage = Stage::set(true, 2).await;
    let Stage { app, seller, buyer, admissions, .. } = &stage;
    let name = |name: &str| naming(&admissions[0], name);
    let to = format!("{}/name", path(&admissions[0]));
    check(&app.client(), [row("nobody", name("Ann"), 401)]).await;
    check(seller, [row("the organizer", name("Ann"), 403)]).await;
    let offer = post(format!("{}/offer", path(&admissions[1])), json!({ "price": 2000 }));
    check(
        buyer,
        [
            row("none", put(&to, json!({})), 400).fields(["name"]),
            row("blank", name(" \t"), 400).fields(["name"]),
            row("two lines", name("Ann\nLee"), 400).fields(["name"]),
            row("a control character", name("Ann\u{7}"), 400).fields(["name"]),
            row("too long", name(&"é".repeat(81)), 400).fields(["name"]),
            row("a number", put(&to, json!({ "name": 7 })), 400).fields(["name"]),
            row("as long as may be", name(&"é".repeat(80)), 200),
            row("two letters", name("李"), 200),
            row("no such ticket", put(format!("{NOBODYS}/name"), json!({ "name": "A" })), 404),
            row("put on sale", offer, 200),
            row("on sale", naming(&admissions[1], "Ann"), 409).code("offered"),
        ],
    )
    .await;
    let payments = buyer.get("/api/payments").await.expect(200);
    let refund = format!("/api/payments/{}/refund", id(&payments["items"][0]));
    seller.post(&refund, json!({ "restock": false })).await.expect(200);
    buyer.sees(&path(&admissions[0]), json!({ "status": "void" })).await;
    buyer.send(&name("Ann")).await.refuses(409, "void");
    app.audit().await;
}

#[tokio::test]
async fn nobody_is_named_where_the_organizer_does_not_ask() {
    let stage = Stage::set(false, 1).await;
    let Stage { buyer, admissions, .. } = &stage;
    let plain = &admissions[0];
    assert!(plain["code"].is_string() && is_without(plain, &["needsName", "name"]), "{plain:#}");
    buyer.send(&naming(plain, "Ann")).await.refuses(409, "no_names");
    stage.seller.get(&stage.door()).await.shows(200, json!({ "asksNames": false }));
    assert!(is_without(&stage.guests().await[0], &["name"]));
}

#[tokio::test]
async fn a_name_does_not_go_on_to_the_next_holder() {
    let stage = Stage::set(true, 1).await;
    let Stage { app, seller, buyer, ticket, .. } = &stage;
    let friend = app.sign_up().await;
    let named = stage.named("Ann").await;
    let to = format!("{}/transfer", path(&named));
    let begun = buyer.post(&to, json!({ "email": friend.account["email"] })).await.expect(200);
    assert_eq!(begun["name"], "Ann", "it stays until it is accepted");
    let (_, token) = begun["transfer"]["link"].as_str().unwrap().split_once("?token=").unwrap();
    let accept = format!("{}/accept", path(&named));
    let accepted = friend.post(&accept, json!({ "token": token })).await.expect(200);
    assert_eq!(accepted["needsName"], true, "{accepted:#}");
    assert!(is_without(&accepted, &["code", "name"]), "{accepted:#}");
    buyer.send(&naming(&named, "Bob")).await.expect(403);
    assert!(is_without(&stage.guests().await[0], &["name"]));
    friend.send(&naming(&named, "Carl")).await.shows(200, json!({ "name": "Carl" }));
    // Who shows the old code is not Carl.
    let refused = seller.scans(ticket, "North", &named["code"]).await;
    assert_eq!(refused["verdict"], "void", "{refused:#}");
    assert!(is_without(&refused, &["name"]), "{refused:#}");
    app.audit().await;
}

#[tokio::test]
async fn a_resold_ticket_has_no_name() {
    let stage = Stage::set(true, 1).await;
    let Stage { app, buyer, .. } = &stage;
    let named = stage.named("Ann").await;
    let offer = buyer.post(&format!("{}/offer", path(&named)), json!({ "price": 2000 })).await;
    let listing = json!({ "id": offer.expect(200)["offer"]["ticketId"] });
    let fan = app.sign_up().await;
    let offered = fan.sees_ticket(&listing, json!({ "status": "open" })).await;
    assert_eq!((&offered["asksNames"], &offered["turningCodes"]), (&json!(false), &json!(false)));
    let order = fan.buy(&listing, 1).await;
    let bought = fan.admissions(&order, 1).await.remove(0);
    assert_eq!(bought["needsName"], true, "the event asks: {bought:#}");
    assert!(is_without(&bought, &["code", "name"]), "{bought:#}");
    fan.send(&naming(&bought, "Carl")).await.shows(200, json!({ "name": "Carl" }));
    app.audit().await;
}

#[tokio::test]
async fn doors_know_guests_by_name() {
    let stage = Stage::set(true, 2).await;
    let Stage { app, seller, ticket, .. } = &stage;
    seller.get(&stage.door()).await.shows(200, json!({ "asksNames": true }));
    app.advance(60);
    let begin = seller.get(&format!("{}/changes", stage.door())).await.expect(200);
    app.advance(1);
    let named = stage.named("Ann").await;
    let since = begin["since"].as_str().unwrap();
    let changed = seller.get(&format!("{}/changes?since={since}", stage.door())).await.expect(200);
    assert_eq!(changed["guests"].as_array().unwrap().len(), 1, "{changed:#}");
    assert_eq!(
        (&changed["guests"][0]["id"], &changed["guests"][0]["name"]),
        (&named["id"], &json!("Ann"))
    );
    let guests = stage.guests().await;
    assert_eq!(guests[0]["name"], "Ann", "{guests:#}");
    assert!(is_without(&guests[1], &["name"]), "{guests:#}");

    let admitted = seller.scans(ticket, "North", &named["code"]).await;
    assert_eq!((&admitted["verdict"], &admitted["name"]), (&json!("admitted"), &json!("Ann")));
    let scan = json!({ "id": Uuid::now_v7(), "code": named["code"], "admitted": true });
    let body = json!({ "door": "South", "scans": [scan] });
    let told = seller.post(&format!("{}/scans", stage.door()), body).await.expect(200);
    let again = &told["results"][0];
    assert_eq!((&again["verdict"], &again["name"]), (&json!("used"), &json!("Ann")), "{told:#}");
    let doubles = seller.get(&format!("{}/doubles", stage.door())).await.expect(200);
    assert_eq!(doubles["items"][0]["name"], "Ann", "{doubles:#}");
    app.audit().await;
}

/// Somebody has saved the ticket before the organizer asked.
#[tokio::test]
async fn a_code_without_a_name_lets_in() {
    let stage = Stage::set(false, 1).await;
    let Stage { app, seller, buyer, ticket, admissions } = &stage;
    let asking = boxoffice_tests::person::listing(json!({ "quantity": 5, "asksNames": true }));
    seller.put(&format!("/api/tickets/{}", id(ticket)), asking).await.expect(200);
    let shown = buyer.sees(&path(&admissions[0]), json!({ "needsName": true })).await;
    assert!(is_without(&shown, &["code", "name"]), "{shown:#}");
    let admitted = seller.scans(ticket, "North", &admissions[0]["code"]).await;
    assert_eq!(admitted["verdict"], "admitted", "{admitted:#}");
    assert!(is_without(&admitted, &["name"]), "{admitted:#}");
    let shown = buyer.get(&path(&admissions[0])).await.expect(200);
    assert!(shown["code"].is_string() && is_without(&shown, &["needsName"]), "{shown:#}");
    app.audit().await;
}
