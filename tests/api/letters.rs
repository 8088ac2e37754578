//! What services tell `mail`: an address, an order, a transfer, the holders of an event's tickets. Nobody
//! else is told, no matter who is signed in.

use boxoffice_contract::mail::{ADDRESSEES, HELD, HOLDERS, ORDERS, TICKETS, TRANSFERS};
use boxoffice_tests::{Answer, App, Person, Request, eventually, id, post};
use serde_json::{Value, json};

const NOBODYS: &str = "01980f3c-0000-7000-8000-000000000000";

/// The answer to a service of ours.
async fn ask(app: &App, path: &str, body: Value) -> Answer {
    app.client().send(&app.as_sibling(post(path, body))).await
}

/// A shop with an event, and a buyer who has bought `quantity` tickets for it.
async fn sold(quantity: i64) -> (App, Person, Person, Value, Value) {
    let app = App::start().await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let event = json!({
        "quantity": 5, "venue": "Old Mill", "city": "Basel", "startsAt": app.time(86_400 * 30),
        "timeZone": "Europe/Zurich",
    });
    let ticket = seller.list(event).await.expect(201);
    let order = buyer.buy(&ticket, quantity).await;
    (app, seller, buyer, ticket, order)
}

/// The newest event of `stream`, once there are `count`.
async fn told(app: &App, stream: &str, count: usize) -> Value {
    let look = async || -> Vec<(String, Vec<(String, String)>)> {
        let mut redis = app.redis().await;
        redis::cmd("XRANGE").arg(&[stream, "-", "+"]).query_async(&mut redis).await.unwrap()
    };
    let what = format!("{count} events are in {stream}");
    let entries = eventually(&what, look, |entries| entries.len() >= count).await;
    let (_, fields) = &entries[count - 1];
    let (_, event) = fields.iter().find(|(name, _)| name == "event").unwrap();
    serde_json::from_str(event).unwrap()
}

#[tokio::test]
async fn only_a_service_is_told() {
    let (app, _, buyer, ticket, order) = sold(1).await;
    let questions = [
        (ADDRESSEES, json!({ "userId": buyer.id() })),
        (ORDERS, json!({ "orderId": id(&order) })),
        (TRANSFERS, json!({ "transferId": NOBODYS })),
        (HOLDERS, json!({ "ticketId": id(&ticket) })),
        (HELD, json!({ "ticketId": id(&ticket), "holderId": buyer.id() })),
        (TICKETS, json!({ "orderId": id(&order), "holderId": buyer.id(), "email": "a@b.example" })),
    ];
    for (path, body) in questions {
        let plain = post(path, body.clone());
        let proven = app.as_sibling(plain.clone());
        let proof = proven.headers["boxoffice-sibling"].to_str().unwrap().to_owned();
        let (times, code) = proof.rsplit_once("m=").unwrap();
        let other = format!("{times}m={}", code.chars().rev().collect::<String>());
        let refused: [Request; 5] = [
            plain.clone(),
            plain.clone().header("boxoffice-sibling", &other),
            plain.clone().header("boxoffice-sibling", "t=,k=,m="),
            // The proof of another body, and of another path.
            post(path, json!({ "userId": NOBODYS })).header("boxoffice-sibling", &proof),
            Request { path: format!("{path}?a=1"), ..proven.clone() },
        ];
        for request in refused {
            for person in [&buyer, &app.client()] {
                person.send(&request).await.refuses(403, "not_a_sibling");
            }
        }
        let answer = app.client().send(&proven).await;
        assert!(matches!(answer.status, 200 | 410), "{answer}");
        let malformed = app.as_sibling(post(path, json!({ "id": 7 })));
        app.client().send(&malformed).await.expect(400);
    }
}

#[tokio::test]
async fn a_proof_is_good_for_a_minute() {
    let app = App::start().await;
    let person = app.sign_up().await;
    let proven = app.as_sibling(post(ADDRESSEES, json!({ "userId": person.id() })));
    app.client().send(&proven).await.expect(200);
    app.advance(60);
    app.client().send(&proven).await.expect(200);
    app.advance(1);
    app.client().send(&proven).await.refuses(403, "not_a_sibling");
}

#[tokio::test]
async fn a_shop_without_keys_tells_nobody() {
    let mut around = boxoffice_tests::Surroundings::prepare().await;
    let keys = around.variables.insert("event_keys".into(), String::new()).unwrap();
    let mut app = App::start_in(around).await;
    let person = app.sign_up().await;
    app.variables.insert("event_keys".into(), keys);
    ask(&app, ADDRESSEES, json!({ "userId": person.id() })).await.refuses(403, "not_a_sibling");
}

#[tokio::test]
async fn auth_tells_an_accounts_address() {
    let app = App::start().await;
    let person = app.sign_up().await;
    let known = ask(&app, ADDRESSEES, json!({ "userId": person.id() })).await;
    known.shows(200, json!({ "email": person.account["email"] }));
    let nobody = ask(&app, ADDRESSEES, json!({ "userId": NOBODYS })).await;
    nobody.refuses(404, "no_such_account");
}

#[tokio::test]
async fn orders_tells_what_was_bought_and_what_became_of_it() {
    let (app, seller, buyer, ticket, order) = sold(2).await;
    let body = json!({ "orderId": id(&order) });
    let due = json!({
        "id": order["id"], "ticketId": ticket["id"], "status": "complete", "buyerId": buyer.id(),
        "sellerId": seller.id(), "quantity": 2, "amount": 5000, "refunded": 0, "currency": "EUR",
        "title": "The Paper Kites", "venue": "Old Mill", "city": "Basel",
        "startsAt": ticket["startsAt"], "timeZone": "Europe/Zurich",
    });
    ask(&app, ORDERS, body.clone()).await.shows(200, due);
    let refund = buyer.refund_path().await;
    let answer = seller.post(&refund, json!({})).await;
    assert!(matches!(answer.status, 200 | 202), "{answer}");
    buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    let refunded = json!({ "status": "refunded", "amount": 5000, "refunded": 5000 });
    ask(&app, ORDERS, body).await.shows(200, refunded);
    ask(&app, ORDERS, json!({ "orderId": NOBODYS })).await.expect(404);
}

#[tokio::test]
async fn admissions_tells_where_a_transfer_goes_while_it_waits() {
    let (app, _, buyer, ticket, order) = sold(1).await;
    let friend = app.sign_up().await;
    let admission = buyer.admissions(&order, 1).await.remove(0);
    let path = format!("/api/admissions/{}", id(&admission));
    let to = |email: &Value| json!({ "email": email });
    let begun = buyer.post(&format!("{path}/transfer"), to(&friend.account["email"])).await;
    let begun = begun.expect(200);
    let first = told(&app, "transfer:created", 1).await;
    let due = json!({
        "id": first["subject"], "version": begun["version"], "admissionId": admission["id"],
        "expiresAt": begun["transfer"]["expiresAt"],
    });
    assert_eq!(first["data"], due, "it tells no address: {first:#}");
    let facts = ask(&app, TRANSFERS, json!({ "transferId": first["subject"] })).await;
    let facts = facts.shows(
        200,
        json!({
            "email": friend.account["email"], "admissionId": admission["id"],
            "ticketId": ticket["id"], "holderId": buyer.id(), "expiresAt": app.time(7 * 86_400),
            "event": { "title": "The Paper Kites", "startsAt": ticket["startsAt"] },
        }),
    );
    let link = facts.body["link"].as_str().unwrap();
    assert!(begun["transfer"]["link"].as_str().unwrap().ends_with(link), "{facts}");
    // Another transfer is in its place: the first link leads nowhere.
    buyer.post(&format!("{path}/transfer"), to(&json!("other@example.com"))).await.expect(200);
    let second = told(&app, "transfer:created", 2).await;
    assert_ne!(second["subject"], first["subject"]);
    let void = async |transfer: &Value| {
        let asked = json!({ "transferId": transfer["subject"] });
        ask(&app, TRANSFERS, asked).await.refuses(410, "letter_void");
    };
    void(&first).await;
    let waiting = ask(&app, TRANSFERS, json!({ "transferId": second["subject"] })).await;
    waiting.shows(200, json!({ "email": "other@example.com" }));
    app.advance(7 * 86_400);
    void(&second).await;
    void(&json!({ "subject": NOBODYS })).await;
}

#[tokio::test]
async fn admissions_tells_each_holder_once() {
    let (app, seller, buyer, ticket, order) = sold(2).await;
    buyer.admissions(&order, 2).await;
    let other = app.sign_up().await;
    let second = other.buy(&ticket, 1).await;
    other.admissions(&second, 1).await;
    let asked = json!({ "ticketId": id(&ticket) });
    let holders = async |asked: &Value| ask(&app, HOLDERS, asked.clone()).await.expect(200);
    let mut due = [buyer.id(), other.id()];
    due.sort_unstable();
    assert_eq!(holders(&asked).await, json!({ "holders": due }));
    let rest = holders(&json!({ "ticketId": id(&ticket), "after": due[0] })).await;
    assert_eq!(rest, json!({ "holders": [due[1]] }));
    let refund = other.refund_path().await;
    let answer = seller.post(&refund, json!({})).await;
    assert!(matches!(answer.status, 200 | 202), "{answer}");
    let look = async || holders(&asked).await;
    let alone = json!({ "holders": [buyer.id()] });
    eventually("who was refunded holds nothing", look, |found| *found == alone).await;
    assert_eq!(holders(&json!({ "ticketId": NOBODYS })).await, json!({ "holders": [] }));
}

#[tokio::test]
async fn an_edit_says_whether_it_moved_the_event() {
    let (app, seller, _, ticket, _) = sold(1).await;
    let path = format!("/api/tickets/{}", id(&ticket));
    let draft = |wish: Value| {
        let mut draft = json!({
            "title": "The Paper Kites", "price": 2500, "currency": "EUR", "quantity": 5,
            "venue": "Old Mill", "city": "Basel", "startsAt": ticket["startsAt"],
            "timeZone": "Europe/Zurich",
        });
        for (name, value) in wish.as_object().unwrap() {
            draft[name] = value.clone();
        }
        draft
    };
    let edits = [
        (json!({ "price": 2600 }), false),
        (json!({ "title": "Kites" }), false),
        (json!({ "venue": "New Mill" }), true),
        (json!({ "venue": "New Mill", "startsAt": app.time(86_400 * 31) }), true),
        (
            json!({ "venue": "New Mill", "startsAt": app.time(86_400 * 31), "price": 9 * 100 }),
            false,
        ),
    ];
    for (index, (wish, moved)) in edits.into_iter().enumerate() {
        seller.put(&path, draft(wish.clone())).await.expect(200);
        let event = told(&app, "ticket:updated", index + 1).await;
        assert_eq!(event["data"]["moved"] == json!(true), moved, "{wish}: {event:#}");
    }
}

#[tokio::test]
async fn an_orders_tickets_are_told_to_their_holder_as_files() {
    let (app, seller, buyer, ticket, order) = sold(2).await;
    let admissions = buyer.admissions(&order, 2).await;
    let wish = |holder: &Person| json!({ "orderId": id(&order), "holderId": holder.id(), "email": "ada@example.com" });
    let files = async |holder: &Person| ask(&app, TICKETS, wish(holder)).await.expect(200);
    let told = files(&buyer).await;
    assert_eq!((&told["issued"], &told["turning"]), (&json!(true), &json!(false)));
    let file = &told["files"][0];
    assert_eq!(
        (&file["name"], &file["mediaType"]),
        (&json!("tickets.pdf"), &json!("application/pdf"))
    );
    assert!(file["content"].as_str().unwrap().starts_with("JVBERi0"), "it is a PDF");
    assert_eq!(
        told["files"].as_array().unwrap().len(),
        1,
        "there is no pass without a certificate"
    );
    assert_eq!(files(&seller).await["files"], json!([]), "nobody else gets them");
    let unknown = json!({ "orderId": NOBODYS, "holderId": buyer.id(), "email": "ada@example.com" });
    assert_eq!(ask(&app, TICKETS, unknown).await.expect(200)["issued"], false);

    let held = async |holder: &Person| {
        ask(&app, HELD, json!({ "ticketId": id(&ticket), "holderId": holder.id() }))
            .await
            .expect(200)
    };
    assert_eq!(held(&buyer).await, json!({ "order": id(&order) }));
    assert_eq!(held(&seller).await, json!("nothing"));
    let path = format!("/api/admissions/{}/transfer", id(&admissions[0]));
    let receiver = app.sign_up().await;
    let begun = buyer.post(&path, json!({ "email": receiver.account["email"] })).await.expect(200);
    let token = begun["transfer"]["link"].as_str().unwrap().split_once("token=").unwrap().1;
    let accept = format!("/api/admissions/{}/accept", id(&admissions[0]));
    receiver.post(&accept, json!({ "token": token })).await.expect(200);
    assert_eq!(held(&receiver).await, json!({ "admission": id(&admissions[0]) }));
}
