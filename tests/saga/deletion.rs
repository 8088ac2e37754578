//! Accounts that end: every service forgets them, and no late event brings them back.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{App, Person, eventually, id};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::{Stage, bus};

/// What the services must have forgotten, and how long they may take until the audit looks, in seconds.
const GRACE: u64 = 16 * 60;

async fn delete(person: &Person) {
    // Until then, money may be on its way.
    let look = async || person.get("/api/users/deletion").await.expect(200)["obstacles"].clone();
    eventually("nothing is in the way", look, |found| found == &json!([])).await;
    let body = json!({ "password": PASSWORD, "loseTickets": true });
    person.post("/api/users/deletion", body).await.expect(204);
}

/// Waits until every service has heard that `person` is deleted.
async fn is_known(app: &App, person: &Person) {
    for service in ["tickets", "orders", "payments", "admissions", "mail"] {
        let sql = format!("SELECT COUNT(*) FROM {service}_deleted WHERE user_id = ?1");
        let known = async || -> i64 {
            app.database().query_row(&sql, [person.id()], |row| row.get(0)).unwrap()
        };
        eventually(&format!("{service} has heard of it"), known, |known| *known == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_told_by_an_id_alone() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    buyer.buy(ticket, 1).await;
    delete(buyer).await;
    let told = bus::event_of(app, "user:deleted", &buyer.account).await;
    let data = told["data"].as_object().unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["deletedAt", "id", "version"]);
    is_known(app, buyer).await;
    bus::done(app, "user:deleted").await;
    app.advance(GRACE);
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_events_bring_nobody_back() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.buy(ticket, 1).await;
    let admission = buyer.admissions(&order, 1).await.remove(0);
    let offer = format!("/api/admissions/{}/offer", id(&admission));
    let offered = buyer.post(&offer, json!({ "price": 4000 })).await.expect(200);
    let listing = json!({ "id": offered["offer"]["ticketId"] });
    buyer.sees_ticket(&listing, json!({ "status": "open" })).await;
    let mut told = bus::event_of(app, "admission:offered", &admission).await;
    let sold = bus::event_of(app, "order:completed", &order).await;
    delete(buyer).await;
    is_known(app, buyer).await;
    bus::done(app, "ticket:updated").await;
    // As if the offer had not been heard of before.
    told["data"]["version"] = json!(told["data"]["version"].as_i64().unwrap() + 50);
    told["data"]["offer"]["ticketId"] = json!("01980f3c-0000-7000-8000-00000000f00d");
    told["id"] = json!("01980f3c-0000-7000-8000-00000000f00e");
    for event in [&told, &sold] {
        bus::send(app, event).await;
        bus::done(app, event["type"].as_str().unwrap()).await;
    }
    let open = "SELECT COUNT(*) FROM tickets_tickets WHERE seller_id = ?1 AND withdrawn = 0";
    let open: i64 = app.database().query_row(open, [buyer.id()], |row| row.get(0)).unwrap();
    assert_eq!(open, 0, "nothing of theirs is on sale");
    let waiting =
        "SELECT COUNT(*) FROM mail_letters WHERE recipient = ?1 AND kind <> 'account_deleted'";
    let waiting: i64 = app.database().query_row(waiting, [buyer.id()], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 0, "the sale makes no second letter");
}

/// Two holds of one listing are freed together, and others of it stay.
#[tokio::test(flavor = "multi_thread")]
async fn holds_end_with_their_account() {
    let stage = Stage::set(5).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let holds: Vec<Value> = vec![
        buyer.hold(ticket).await.expect(201),
        buyer.hold(ticket).await.expect(201),
        other.hold(ticket).await.expect(201),
    ];
    delete(buyer).await;
    is_known(app, buyer).await;
    let held = "SELECT held FROM orders_listings WHERE ticket_id = ?1";
    let held: i64 = app.database().query_row(held, [id(ticket)], |row| row.get(0)).unwrap();
    assert_eq!(held, 1);
    other.sees_order(&holds[2], json!({ "status": "created" })).await;
    audit(app).await;
}
