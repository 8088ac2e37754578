//! `/api/users/export` and `/api/users/deletion`: one's data in a file, and the end of one's account.

use std::time::SystemTime;

use boxoffice_contract::people::{KNOWERS, ORDERS_STANDING, PAYMENTS_STANDING};
use boxoffice_ops::erase::erase;
use boxoffice_tests::audit::Audit;
use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{App, Person, Surroundings, check, eventually, get, id, post, row};
use serde_json::{Value, json};

const EXPORT: &str = "/api/users/export";
const DELETION: &str = "/api/users/deletion";
const CURRENT: &str = "/api/users/currentUser";
const NOBODYS: &str = "01980f3c-0000-7000-8000-000000000000";
const DAY: u64 = 24 * 60 * 60;

fn email(person: &Person) -> &str {
    person.account["email"].as_str().unwrap()
}

fn count(app: &App, sql: &str, parameter: &str) -> i64 {
    app.database().query_row(sql, [parameter], |row| row.get(0)).unwrap()
}

/// A shop with an event in a month, its seller, and a buyer of two tickets.
async fn sold() -> (App, Person, Person, Vec<Value>) {
    let app = App::start().await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let event = json!({
        "title": "The Paper Kites", "quantity": 5, "description": "Call Ada on 555 0100",
        "startsAt": app.time(30 * 86_400), "timeZone": "Europe/Zurich",
    });
    let ticket = seller.list(event).await.expect(201);
    let order = buyer.buy(&ticket, 2).await;
    let admissions = buyer.admissions(&order, 2).await;
    is_settled(&buyer).await;
    (app, seller, buyer, admissions)
}

/// Waits until no money of `person` is on its way.
async fn is_settled(person: &Person) {
    let look = async || person.get(DELETION).await.expect(200)["obstacles"].clone();
    eventually("the money has arrived", look, |found| found == &json!([])).await;
}

/// Ticks until the export of `person` is ready, and returns it.
async fn made(app: &App, person: &Person) -> Value {
    let look = async || {
        app.tick().await;
        person.get(EXPORT).await.expect(200)["export"].clone()
    };
    eventually("the file is made", look, |export| export["status"] == "ready").await
}

/// The records of this kind in a file.
fn records<'a>(file: &'a Value, service: &str, kind: &str) -> Vec<&'a Value> {
    let parts = file["parts"].as_array().unwrap().iter();
    let parts = parts.filter(|part| part["service"] == service);
    let records = parts.flat_map(|part| part["records"].as_array().unwrap());
    records.filter(|record| record["kind"] == kind).collect()
}

#[tokio::test]
async fn a_file_tells_everything_that_the_services_know() {
    let (app, seller, buyer, admissions) = sold().await;
    buyer.get(EXPORT).await.shows(200, json!({ "export": null }));
    let asked = buyer.post(EXPORT, json!({})).await.shows(
        202,
        json!({ "status": "making", "createdAt": app.time(0), "expiresAt": app.time(7 * 86_400) }),
    );
    let path = format!("{EXPORT}/{}", id(&asked.body));
    buyer.get(&path).await.refuses(409, "export_not_ready");
    // Asked for again while it is made, it is the same.
    buyer.post(EXPORT, json!({})).await.shows(202, json!({ "id": asked.body["id"] }));
    made(&app, &buyer).await;
    let answer = buyer.get(&path).await;
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"boxoffice-data.json\""
    );
    let file = answer.expect(200);
    assert_eq!((&file["version"], &file["accountId"]), (&json!(1), &buyer.account["id"]));
    assert_eq!(records(&file, "auth", "account")[0]["email"], buyer.account["email"]);
    assert_eq!(records(&file, "auth", "session").len(), 1);
    assert_eq!(records(&file, "orders", "order")[0]["title"], "The Paper Kites");
    assert_eq!(records(&file, "payments", "payment").len(), 1);
    let told: Vec<&Value> =
        records(&file, "admissions", "admission").into_iter().map(|one| &one["id"]).collect();
    assert_eq!(told.len(), admissions.len());
    assert!(!file.to_string().contains("argon2"), "a password's hash is nobody's");
    assert!(!file.to_string().contains(email(&seller)), "nothing of others");
    buyer.post(EXPORT, json!({})).await.refuses(429, "too_many_exports");
    let rows = [
        row("somebody else's", get(path.clone()), 404),
        row("nobody's", get(format!("{EXPORT}/{NOBODYS}")), 404),
    ];
    check(&seller, rows).await;
    for path in [EXPORT, &path] {
        app.client().get(path).await.expect(401);
    }
    app.client().post(EXPORT, json!({})).await.expect(401);
}

#[tokio::test]
async fn a_seller_is_told_of_listings_and_money() {
    let (app, seller, _, _) = sold().await;
    let asked = seller.post(EXPORT, json!({})).await.expect(202);
    made(&app, &seller).await;
    let file = seller.get(&format!("{EXPORT}/{}", id(&asked))).await.expect(200);
    let listing = records(&file, "tickets", "listing")[0];
    assert_eq!(listing["description"], "Call Ada on 555 0100");
    assert_eq!(listing["startsAt"], app.time(30 * 86_400));
    assert!(!records(&file, "payments", "ledger_entry").is_empty());
}

#[tokio::test]
async fn a_file_is_told_by_a_letter_and_removed_after_a_week() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let export = ada.post(EXPORT, json!({})).await.expect(202);
    app.letter_of(ada.id(), id(&export)).await.refuses(410, "letter_void");
    made(&app, &ada).await;
    app.letter_of(ada.id(), id(&export)).await.shows(200, json!({ "email": email(&ada) }));
    app.letter_of(NOBODYS, id(&export)).await.refuses(410, "letter_void");
    app.advance(7 * DAY + 1);
    app.letter_of(ada.id(), id(&export)).await.refuses(410, "letter_void");
    let parts = "SELECT COUNT(*) FROM auth_export_parts WHERE export_id = ?1";
    assert!(count(&app, parts, id(&export)) > 0);
    app.tick().await;
    assert_eq!(count(&app, parts, id(&export)), 0);
}

#[tokio::test]
async fn only_a_service_is_told_of_a_person() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let paths = KNOWERS.map(|knower| knower.path);
    for path in paths.into_iter().chain([ORDERS_STANDING, PAYMENTS_STANDING]) {
        let body = json!({ "userId": ada.id() });
        ada.post(path, body.clone()).await.refuses(403, "not_a_sibling");
        app.client().send(&app.as_sibling(post(path, body))).await.expect(200);
    }
    let wrong = json!({ "userId": ada.id(), "after": "nonsense" });
    app.client().send(&app.as_sibling(post(paths[0], wrong))).await.expect(400);
}

#[tokio::test]
async fn what_a_deletion_needs_is_said() {
    let (app, seller, buyer, admissions) = sold().await;
    app.client().get(DELETION).await.expect(401);
    app.client().post(DELETION, json!({ "password": PASSWORD })).await.expect(401);
    let lost: Vec<Value> = admissions
        .iter()
        .map(|one| json!({ "id": one["id"], "title": "The Paper Kites" }))
        .collect();
    let standing = buyer.get(DELETION).await.expect(200);
    assert_eq!(standing["tickets"].as_array().unwrap().len(), lost.len());
    let delete = |body: Value| post(DELETION, body);
    let rows = [
        row("no password", delete(json!({})), 400).fields(["password"]),
        row("a wrong one", delete(json!({ "password": "not this one" })), 400).fields(["password"]),
        row("one too short", delete(json!({ "password": "x" })), 400).fields(["password"]),
        row("another field", delete(json!({ "password": PASSWORD, "why": "" })), 400)
            .fields(["why"]),
        row("tickets would be lost", delete(json!({ "password": PASSWORD })), 409)
            .code("tickets_to_come"),
    ];
    check(&buyer, rows).await;
    let refused = seller.post(DELETION, json!({ "password": PASSWORD })).await;
    let refused = refused.refuses(409, "account_in_use");
    let _ = refused;
    let obstacle = &seller.get(DELETION).await.expect(200)["obstacles"][0];
    assert_eq!(obstacle["kind"], "listing_sold");
    assert_eq!(obstacle["title"], "The Paper Kites");
    // Both are still there.
    buyer.get(CURRENT).await.shows(200, json!({ "currentUser": buyer.account }));
}

#[tokio::test]
async fn somebody_at_the_checkout_is_not_deleted() {
    let app = App::start().await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller.list(json!({ "quantity": 2 })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    let begun = "UPDATE orders_orders SET status = 'awaiting:payment' WHERE 1 = 1";
    app.database().execute(begun).unwrap();
    for (person, kind) in [(&buyer, "order_paying"), (&seller, "listing_sold")] {
        let obstacles = &person.get(DELETION).await.expect(200)["obstacles"];
        assert_eq!(obstacles[0]["kind"], kind);
        person.post(DELETION, json!({ "password": PASSWORD })).await.refuses(409, "account_in_use");
    }
    buyer.get(&format!("/api/orders/{}", id(&order))).await.expect(200);
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_address_is_free() {
    let (app, _, buyer, admissions) = sold().await;
    let hold = app.sign_up().await.list(json!({ "quantity": 3 })).await.expect(201);
    let hold = buyer.hold(&hold).await.expect(201);
    let own = buyer.list(json!({ "description": "Call Bob on 555 0101" })).await.expect(201);
    let transfer = format!("/api/admissions/{}/transfer", id(&admissions[0]));
    buyer.post(&transfer, json!({ "email": "carla@example.com" })).await.expect(200);
    let body = json!({ "password": PASSWORD, "loseTickets": true });
    let answer = buyer.post(DELETION, body.clone()).await;
    assert!(answer.headers.get_all("set-cookie").iter().count() >= 2, "{answer}");
    answer.expect(204);
    buyer.get(CURRENT).await.shows(200, json!({ "currentUser": null }));
    buyer.post(DELETION, body).await.expect(401);
    let sign_in = json!({ "email": email(&buyer), "password": PASSWORD });
    app.client().post("/api/users/signIn", sign_in.clone()).await.expect(401);

    // Strangers are not shown what was withdrawn.
    let listing = async || app.client().get(&format!("/api/tickets/{}", id(&own))).await.status;
    eventually("the listing is off sale", listing, |status| *status == 404).await;
    let written = "SELECT COUNT(*) FROM tickets_tickets WHERE id = ?1 AND description IS NOT NULL";
    let left = async || count(&app, written, id(&own));
    eventually("what the seller wrote is gone", left, |left| *left == 0).await;
    let status = "SELECT COUNT(*) FROM orders_orders WHERE id = ?1 AND status = 'cancelled'";
    let ended = async || count(&app, status, id(&hold));
    eventually("the hold has ended", ended, |ended| *ended == 1).await;
    let waits = "SELECT COUNT(*) FROM admissions_admissions WHERE holder_id = ?1 \
                 AND transfer_email IS NOT NULL";
    let left = async || count(&app, waits, buyer.id());
    eventually("the transfer is gone", left, |left| *left == 0).await;
    let tokens = "SELECT COUNT(*) FROM payments_payments WHERE buyer_id = ?1 AND token <> ''";
    let left = async || count(&app, tokens, buyer.id());
    eventually("how they paid is gone", left, |left| *left == 0).await;

    // Its last letter has the address, for a day.
    let letter = "SELECT id FROM auth_farewells WHERE account_id = ?1";
    let letter: String = app.database().query_row(letter, [buyer.id()], |row| row.get(0)).unwrap();
    app.letter_of(buyer.id(), &letter).await.shows(200, json!({ "email": email(&buyer) }));
    app.client().post("/api/users/signUp", sign_in).await.expect(201);
    app.advance(DAY + 1);
    app.letter_of(buyer.id(), &letter).await.refuses(410, "letter_void");
    app.tick().await;
    assert_eq!(
        count(&app, "SELECT COUNT(*) FROM auth_farewells WHERE account_id = ?1", buyer.id()),
        0
    );
    Audit::default().check(&app).await;
}

#[tokio::test]
async fn what_is_written_while_an_account_is_deleted_goes_later() {
    let (app, _, buyer, admissions) = sold().await;
    let body = json!({ "password": PASSWORD, "loseTickets": true });
    buyer.post(DELETION, body).await.expect(204);
    let known = "SELECT COUNT(*) FROM admissions_deleted WHERE user_id = ?1";
    let known = async || count(&app, known, buyer.id());
    eventually("admissions has heard of it", known, |known| *known == 1).await;
    // As a request that began before would leave it.
    let late = format!(
        "UPDATE admissions_admissions SET guest_name = 'Carla' WHERE id = '{}'",
        id(&admissions[0])
    );
    app.database().execute(&late).unwrap();
    app.advance(11 * 60);
    app.tick().await;
    let named =
        "SELECT COUNT(*) FROM admissions_admissions WHERE id = ?1 AND guest_name IS NOT NULL";
    let named = async || count(&app, named, id(&admissions[0]));
    eventually("the name is gone", named, |named| *named == 0).await;
}

#[tokio::test]
async fn a_seller_can_go_after_the_event() {
    let (app, seller, _, _) = sold().await;
    app.advance(31 * DAY);
    let body = json!({ "email": email(&seller), "password": PASSWORD });
    let seller = app.client().signed_in_by(app.client().post("/api/users/signIn", body).await, 200);
    seller.post(DELETION, json!({ "password": PASSWORD })).await.expect(204);
}

#[tokio::test]
async fn an_operator_deletes_an_account() {
    // The tool goes by the machine's clock.
    let app = App::start_in(Surroundings::prepare_at(SystemTime::now()).await).await;
    let ada = app.sign_up().await;
    assert!(erase(&app.databases(), "nobody@example.com").await.is_err());
    let account = erase(&app.databases(), email(&ada)).await.unwrap();
    assert_eq!(account, ada.id());
    app.tick().await;
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": null }));
    assert_eq!(count(&app, "SELECT COUNT(*) FROM auth_users WHERE id = ?1", ada.id()), 0);
}
