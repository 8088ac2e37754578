//! Tickets that are sold on: one valid code a unit, one owner of the money, whatever comes when.

use boxoffice_tests::{App, Person, check, eventually, id, post, row};
use futures::future::{join, join_all};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::{PRICE, Stage, VISA, bus, crowd};

/// What a fan asks for, in cents.
const ASKED: i64 = 4000;
/// What the shop keeps of it: 5 %, as `spin.toml` has it.
const FEE: i64 = 200;

fn path(admission: &Value) -> String {
    format!("/api/admissions/{}", id(admission))
}

fn offer_path(admission: &Value) -> String {
    format!("{}/offer", path(admission))
}

/// The one admission that `person` buys of `ticket`.
async fn bought(person: &Person, ticket: &Value) -> (Value, Value) {
    let order = person.buy(ticket, 1).await;
    let admission = person.admissions(&order, 1).await.remove(0);
    (order, admission)
}

/// Offers `person`'s `admission` for `price`, and waits until its listing can be held.
async fn offered(person: &Person, admission: &Value, price: i64) -> Value {
    let offered = person.post(&offer_path(admission), json!({ "price": price })).await.expect(200);
    let listing = json!({ "id": offered["offer"]["ticketId"] });
    person.sees_ticket(&listing, json!({ "status": "open", "price": price })).await
}

/// Gives `buyer`'s last payment back, as the organizer, once it is taken.
async fn refund(organizer: &Person, buyer: &Person) {
    let path = buyer.refund_path().await;
    let answer = organizer.post(&path, json!({ "restock": false })).await;
    assert!(matches!(answer.status, 200 | 202), "{answer}");
}

/// Waits until the shop owes `seller` this many cents.
async fn is_owed(seller: &Person, cents: i64) {
    let ledger = async || seller.get("/api/payments/ledger").await.expect(200);
    let closing = |ledger: &Value| ledger["balances"][0]["closing"].as_i64().unwrap_or(0) == cents;
    eventually(&format!("the shop owes {cents}"), ledger, closing).await;
}

/// How many valid or used codes there are for the event.
fn live(app: &App, event: &Value) -> i64 {
    let sql =
        "SELECT COUNT(*) FROM admissions_admissions WHERE ticket_id = ?1 AND status <> 'void'";
    app.database().query_row(sql, [id(event)], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_sold_on_is_its_buyers_alone() {
    let stage = Stage::set(2).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let (_, admission) = bought(buyer, ticket).await;
    assert_eq!(admission["maxPrice"], PRICE, "{admission:#}");
    let listing = offered(buyer, &admission, ASKED).await;
    assert_eq!(listing["resaleOf"], ticket["id"], "{listing:#}");
    assert_eq!((&listing["title"], &listing["quantity"]), (&ticket["title"], &json!(1)));
    let shown = buyer.get(&path(&admission)).await.expect(200);
    assert_eq!((&shown["status"], &shown["code"]), (&json!("offered"), &Value::Null));
    let scanned = seller.scans(ticket, "North", &admission["code"]).await;
    assert_eq!(scanned["verdict"], "offered", "{scanned:#}");
    let all = other.get("/api/tickets").await.expect(200);
    assert!(all["items"].as_array().unwrap().iter().all(|item| item["id"] != listing["id"]));
    let from_fans = other.get(&format!("/api/tickets?resaleOf={}", id(ticket))).await.expect(200);
    assert_eq!(from_fans["items"][0]["id"], listing["id"], "{from_fans:#}");

    let (order, theirs) = bought(other, &listing).await;
    assert_eq!(theirs["ticketId"], ticket["id"], "it is for the event: {theirs:#}");
    assert_eq!(order["ticket"]["resaleOf"], ticket["id"], "{order:#}");
    assert_eq!(theirs["generation"], 2);
    buyer.sees(&path(&admission), json!({ "status": "void" })).await;
    let old = seller.scans(ticket, "North", &admission["code"]).await;
    assert_eq!(old["verdict"], "void", "{old:#}");
    let new = seller.scans(ticket, "North", &theirs["code"]).await;
    assert_eq!(new["verdict"], "admitted", "{new:#}");
    is_owed(buyer, ASKED - FEE).await;
    is_owed(seller, PRICE).await;
    assert_eq!(live(app, ticket), 1);
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_taken_back_while_nobody_pays() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let (_, admission) = bought(buyer, ticket).await;
    let listing = offered(buyer, &admission, ASKED).await;
    let order = other.hold(&listing).await.expect(201);
    buyer.delete(&offer_path(&admission)).await.expect(409);
    buyer.delete(&format!("/api/tickets/{}", id(&listing))).await.expect(409);
    other.cancel(&order).await.expect(204);
    let kept = buyer.delete(&offer_path(&admission)).await.expect(200);
    assert_eq!((&kept["status"], &kept["code"]), (&json!("valid"), &admission["code"]));
    let repeated = buyer.delete(&offer_path(&admission)).await.expect(200);
    assert_eq!(repeated["version"], kept["version"], "a repeat changes nothing");
    other.hold(&listing).await.expect(409);
    // By its listing, as any seller takes things off sale.
    let again = offered(buyer, &admission, ASKED).await;
    buyer
        .put(&format!("/api/tickets/{}", id(&again)), boxoffice_tests::person::listing(json!({})))
        .await
        .refuses(409, "resale");
    buyer.delete(&format!("/api/tickets/{}", id(&again))).await.expect(204);
    buyer.sees(&path(&admission), json!({ "status": "valid" })).await;
    let scanned = seller.scans(ticket, "North", &admission["code"]).await;
    assert_eq!(scanned["verdict"], "admitted", "{scanned:#}");
    buyer.post(&offer_path(&admission), json!({ "price": ASKED })).await.refuses(409, "used");
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organizer_says_what_may_be_sold_on() {
    let stage = Stage::set(3).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let (_, admission) = bought(buyer, ticket).await;
    let asks = |price: i64| post(offer_path(&admission), json!({ "price": price }));
    check(&app.client(), [row("nobody", asks(ASKED), 401)]).await;
    check(other, [row("a stranger", asks(ASKED), 403)]).await;
    let rows = [
        row("a cent too dear", asks(PRICE + 1), 400),
        row("too cheap for a card", asks(49), 400),
        row("nothing", asks(0), 400),
        row("no price", post(offer_path(&admission), json!({})), 400),
    ];
    check(buyer, rows).await;
    // Handing on and selling on exclude each other.
    let transfer = format!("{}/transfer", path(&admission));
    let friend = json!({ "email": other.account["email"] });
    buyer.post(&transfer, friend.clone()).await.expect(200);
    check(buyer, [row("while it is handed on", asks(ASKED), 409)]).await;
    buyer.delete(&transfer).await.expect(200);
    offered(buyer, &admission, PRICE).await;
    buyer.post(&transfer, friend).await.refuses(409, "offered");
    check(buyer, [row("twice", asks(ASKED), 409)]).await;

    let wish = json!({ "price": PRICE, "resaleCap": 0, "transferLimit": 1 });
    let strict = seller.list(wish).await.expect(201);
    let (_, admission) = bought(buyer, &strict).await;
    assert_eq!((&admission["maxPrice"], &admission["transfersLeft"]), (&Value::Null, &json!(1)));
    buyer.post(&offer_path(&admission), json!({ "price": 100 })).await.refuses(409, "no_resale");
    let transfer = format!("{}/transfer", path(&admission));
    let begun = buyer.post(&transfer, json!({ "email": other.account["email"] })).await.expect(200);
    let (_, token) = begun["transfer"]["link"].as_str().unwrap().split_once("?token=").unwrap();
    let accept = format!("{}/accept", path(&admission));
    other.post(&accept, json!({ "token": token })).await.expect(200);
    let back = other.post(&transfer, json!({ "email": buyer.account["email"] })).await;
    back.refuses(409, "transfer_limit");
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_the_first_sale_follows_the_chain() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let third = app.sign_up().await;
    let (order, admission) = bought(buyer, ticket).await;
    let listing = offered(buyer, &admission, ASKED).await;
    let (resale, theirs) = bought(other, &listing).await;
    let listing = offered(other, &theirs, PRICE).await;
    let (second, last) = bought(&third, &listing).await;
    assert_eq!(last["generation"], 3);
    // Who sells on cannot undo it.
    let undo = third.refund_path().await;
    other.post(&undo, json!({ "restock": false })).await.refuses(409, "resale");

    refund(seller, buyer).await;
    for (person, order) in [(buyer, &order), (other, &resale), (&third, &second)] {
        person.sees_order(order, json!({ "status": "refunded" })).await;
    }
    third.sees(&path(&last), json!({ "status": "void" })).await;
    for person in [seller, buyer, other] {
        is_owed(person, 0).await;
    }
    assert_eq!(live(app, ticket), 0);
    audit(app).await;
}

/// Both ends of a purchase at once: the first sale is refunded while a fan's buyer pays.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_and_a_resale_race() {
    let stage = Stage::set(6).await;
    let Stage { app, seller, ticket, .. } = &stage;
    let race = async |at: usize| {
        let (fan, buyer) = join(app.sign_up(), app.sign_up()).await;
        let (_, admission) = bought(&fan, ticket).await;
        let listing = offered(&fan, &admission, ASKED).await;
        let order = buyer.hold(&listing).await.expect(201);
        let pays = async {
            tokio::time::sleep(std::time::Duration::from_millis(at as u64 * 15)).await;
            buyer.pay(&order, VISA).await
        };
        let (_, paid) = join(refund(seller, &fan), pays).await;
        assert!(matches!(paid.status, 201 | 202 | 409), "{paid}");
        if paid.status != 409 {
            buyer.sees_order(&order, json!({ "status": "refunded" })).await;
        }
        is_owed(&fan, 0).await;
    };
    join_all((0..6).map(race)).await;
    app.tick().await;
    assert_eq!(live(app, ticket), 0);
    audit(app).await;
}

/// Whatever a holder does at once, the ticket comes to one end.
#[tokio::test(flavor = "multi_thread")]
async fn selling_handing_on_and_entering_race() {
    let stage = Stage::set(8).await;
    let Stage { app, seller, other, ticket, .. } = &stage;
    let people = crowd(app, 8).await;
    let race = async |person: &Person| {
        let (_, admission) = bought(person, ticket).await;
        let (offer, transfer) = (offer_path(&admission), format!("{}/transfer", path(&admission)));
        let offers = person.post(&offer, json!({ "price": ASKED }));
        let body = json!({ "email": other.account["email"] });
        let transfers = person.post(&transfer, body);
        let scans = seller.scans(ticket, "North", &admission["code"]);
        let (offered, transferred, scanned) = tokio::join!(offers, transfers, scans);
        let has_entered = scanned["verdict"] == "admitted";
        assert!(!(has_entered && offered.status == 200), "{offered}\n{scanned:#}");
        let seen = person.get(&path(&admission)).await.expect(200);
        let status = match (has_entered, offered.status) {
            (true, _) => "used",
            (false, 200) => "offered",
            _ => "valid",
        };
        assert_eq!(seen["status"], status, "{transferred}\n{seen:#}");
        assert!(status == "valid" || seen.get("transfer").is_none(), "{seen:#}");
    };
    join_all(people.iter().map(race)).await;
    assert_eq!(live(app, ticket), 8);
    bus::done(app, "admission:offered").await;
    audit(app).await;
}

/// Events of an offer in any order, lost and repeated, make one listing or none.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_listed_once_and_never_after_its_end() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, buyer, ticket, .. } = &stage;
    let (_, admission) = bought(buyer, ticket).await;
    let listing = offered(buyer, &admission, ASKED).await;
    let told = bus::event_of(app, "admission:offered", &admission).await;
    for _ in 0..2 {
        bus::send(app, &told).await;
    }
    bus::done(app, "admission:offered").await;
    let count = "SELECT COUNT(*) FROM tickets_tickets WHERE resale_of IS NOT NULL";
    let listings = || -> i64 { app.database().query_row(count, [], |row| row.get(0)).unwrap() };
    assert_eq!(listings(), 1);
    refund(seller, buyer).await;
    buyer.sees_ticket(&listing, json!({ "status": "withdrawn" })).await;
    bus::send(app, &told).await;
    bus::done(app, "admission:offered").await;
    assert_eq!(listings(), 1);
    buyer.sees_ticket(&listing, json!({ "status": "withdrawn" })).await;
    audit(app).await;
}

/// A single sale that went wrong: the ticket is its seller's again, with a code of its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_undoes_one_resale() {
    let mut stage = Stage::set(1).await;
    let operator = stage.app.sign_up().await;
    let (_, admission) = bought(&stage.buyer, &stage.ticket).await;
    let listing = offered(&stage.buyer, &admission, ASKED).await;
    let (order, theirs) = bought(&stage.other, &listing).await;
    let undo = stage.other.refund_path().await;
    stage.app.variables.insert("operators".into(), operator.id().to_owned());
    stage.app.restart().await;
    let address = stage.app.host().address();
    let Stage { app, seller, buyer, other, ticket } = stage;
    let [seller, buyer, other, operator] =
        [seller, buyer, other, operator].map(|person| person.at(address));

    let operator = app.protect(operator).await.0;
    let answer = operator.post(&undo, json!({ "restock": true })).await;
    assert!(matches!(answer.status, 200 | 202), "{answer}");
    other.sees_order(&order, json!({ "status": "refunded" })).await;
    let back = buyer.sees(&path(&admission), json!({ "status": "valid", "generation": 3 })).await;
    assert_ne!(back["code"], admission["code"]);
    other.sees(&path(&theirs), json!({ "status": "void" })).await;
    other.hold(&listing).await.refuses(409, "sold");
    is_owed(&buyer, 0).await;
    for (code, verdict) in
        [(&admission["code"], "void"), (&theirs["code"], "void"), (&back["code"], "admitted")]
    {
        let scanned = seller.scans(&ticket, "North", code).await;
        assert_eq!(scanned["verdict"], verdict, "{scanned:#}");
    }
    audit(&app).await;
}
