//! `/api/admissions…`: tickets in the hand, and handing them on.

use boxoffice_admission_code::Verifier;
use boxoffice_tests::{App, Person, check, delete, get, id, post, row};
use serde_json::{Value, json};

const ADMISSIONS: &str = "/api/admissions";
const NOBODYS: &str = "01980f3c-0000-7000-8000-000000000000";

fn path(admission: &Value) -> String {
    format!("{ADMISSIONS}/{}", id(admission))
}

/// The token in the link of an admission's transfer.
fn token(admission: &Value) -> String {
    let link = admission["transfer"]["link"].as_str().expect("it is being transferred");
    link.split_once("?token=").expect("the link has a token").1.to_owned()
}

/// A shop with a listing and a buyer who has bought `quantity` tickets of it.
async fn sold(quantity: i64) -> (App, Person, Person, Value, Vec<Value>) {
    let app = App::start().await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller
        .list(json!({
            "title": "The Paper Kites", "quantity": 5, "venue": "Old Mill", "city": "Basel",
            "startsAt": app.time(86_400 * 30), "timeZone": "Europe/Zurich",
        }))
        .await
        .expect(201);
    let order = buyer.buy(&ticket, quantity).await;
    let admissions = buyer.admissions(&order, usize::try_from(quantity).unwrap()).await;
    (app, seller, buyer, ticket, admissions)
}

#[tokio::test]
async fn a_buyer_has_a_code_for_each_ticket() {
    let (app, _, buyer, ticket, admissions) = sold(3).await;
    let verifier = Verifier::from_jwks(&app.variables["admission_public_keys"]).unwrap();
    for (admission, number) in admissions.iter().zip(1..) {
        let due = json!({
            "ticketId": ticket["id"], "status": "valid", "number": number, "of": 3,
            "generation": 1, "version": 1, "holderId": buyer.id(), "createdAt": app.time(0),
            "event": {
                "title": "The Paper Kites", "venue": "Old Mill", "city": "Basel",
                "startsAt": ticket["startsAt"], "timeZone": "Europe/Zurich",
            },
        });
        let shown = buyer.get(&path(admission)).await.shows(200, due);
        assert_eq!(shown.header("etag"), "\"1\"");
        assert_eq!(shown.body, *admission);
        let code = verifier.read(admission["code"].as_str().unwrap()).unwrap().code;
        assert_eq!(code.ticket_id.to_string(), id(&ticket));
        assert_eq!(code.admission_id.to_string(), id(admission));
        assert_eq!(code.generation, 1);
    }
}

#[tokio::test]
async fn tickets_are_their_holders_alone() {
    let (app, seller, _, _, admissions) = sold(1).await;
    let path = path(&admissions[0]);
    let (nobody, other) = (app.client(), app.sign_up().await);
    nobody.get(&path).await.expect(401);
    nobody.get(ADMISSIONS).await.expect(401);
    for person in [&seller, &other] {
        person.get(&path).await.expect(403);
        person
            .post(&format!("{path}/transfer"), json!({ "email": "x@example.com" }))
            .await
            .expect(403);
        person.delete(&format!("{path}/transfer")).await.expect(403);
        let order = admissions[0]["orderId"].as_str().unwrap();
        let listed = person.get(&format!("{ADMISSIONS}?orderId={order}")).await;
        listed.shows(200, json!({ "items": [] }));
    }
    other.get(&format!("{ADMISSIONS}/{NOBODYS}")).await.expect(404);
    other.get(&format!("{ADMISSIONS}/nonsense")).await.expect(404);
}

#[tokio::test]
async fn the_list_has_pages_and_filters() {
    let (app, seller, buyer, _, admissions) = sold(3).await;
    let soon = json!({ "startsAt": app.time(3_600), "timeZone": "Europe/Zurich" });
    let soon = seller.list(soon).await.expect(201);
    // Ids sort by the time when they were made.
    app.a_moment_passes();
    let second = buyer.buy(&soon, 1).await;
    buyer.admissions(&second, 1).await;
    let ids = |answer: Value| -> Vec<String> {
        answer["items"].as_array().unwrap().iter().map(|item| id(item).to_owned()).collect()
    };
    let first = buyer.get(&format!("{ADMISSIONS}?limit=2")).await;
    let next = first.header("link").to_owned();
    let mut all = ids(first.expect(200));
    let next = next.trim_start_matches('<').split_once('>').unwrap().0.to_owned();
    all.extend(ids(buyer.get(&next).await.expect(200)));
    assert_eq!(all.len(), 4);
    assert_eq!(all[..3], admissions.iter().map(|one| id(one).to_owned()).collect::<Vec<_>>()[..]);
    let upcoming = format!("{ADMISSIONS}?upcoming=true");
    assert_eq!(ids(buyer.get(&upcoming).await.expect(200)).len(), 4);
    app.advance(3_600 + 12 * 3_600 + 1);
    assert_eq!(ids(buyer.get(&upcoming).await.expect(200)), all[..3]);
    assert_eq!(ids(buyer.get(ADMISSIONS).await.expect(200)).len(), 4);
    let wrong = |query: &str| get(format!("{ADMISSIONS}?{query}"));
    check(
        &buyer,
        [
            row("limit", wrong("limit=0"), 400).fields(["limit"]),
            row("cursor", wrong("cursor=%25"), 400).fields(["cursor"]),
            row("order", wrong("orderId=7"), 400).fields(["orderId"]),
            row("upcoming", wrong("upcoming=maybe"), 400).fields(["upcoming"]),
            row("all at once", wrong("limit=x&orderId=7"), 400).fields(["limit", "orderId"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_ticket_says_what_the_event_is_now() {
    let (_app, seller, buyer, ticket, admissions) = sold(1).await;
    let draft = json!({ "title": "The Paper Kites", "price": 2500, "currency": "EUR", "quantity": 5, "venue": "New Mill" });
    seller.put(&format!("/api/tickets/{}", id(&ticket)), draft).await.expect(200);
    buyer
        .sees(&path(&admissions[0]), json!({ "event": { "venue": "New Mill", "city": null } }))
        .await;
}

#[tokio::test]
async fn a_ticket_is_handed_on_and_only_the_new_code_lets_in() {
    let (app, seller, buyer, ticket, admissions) = sold(2).await;
    let (friend, other) = tokio::join!(app.sign_up(), app.sign_up());
    let old = &admissions[0];
    let wish = json!({ "email": format!(" {} ", friend.account["email"].as_str().unwrap().to_uppercase()) });
    let transferring = buyer.post(&format!("{}/transfer", path(old)), wish).await.shows(
        200,
        json!({
            "status": "valid", "holderId": buyer.id(), "version": 2, "generation": 1,
            "code": old["code"],
            "transfer": { "email": friend.account["email"], "expiresAt": app.time(7 * 86_400) },
        }),
    );
    assert_eq!(transferring.header("etag"), "\"2\"");
    let token = token(&transferring.body);
    let accept = format!("{}/accept", path(old));
    let offered = app.client().get(&format!("{accept}?token={token}")).await;
    offered.shows(
        200,
        json!({ "event": { "title": "The Paper Kites" }, "email": friend.account["email"] }),
    );
    check(
        &other,
        [
            row("another account", post(&accept, json!({ "token": token })), 403),
            row("another token", post(&accept, json!({ "token": "0".repeat(32) })), 409)
                .code("ended"),
            row("a short token", post(&accept, json!({ "token": "0" })), 409).code("ended"),
            row("no token", post(&accept, json!({})), 400).fields(["token"]),
            row(
                "another ticket",
                post(format!("{}/accept", path(&admissions[1])), json!({ "token": token })),
                409,
            )
            .code("ended"),
            row(
                "no such ticket",
                post(format!("{ADMISSIONS}/{NOBODYS}/accept"), json!({ "token": token })),
                404,
            ),
        ],
    )
    .await;
    let request = post(&accept, json!({ "token": token })).key("accepting");
    let accepted = friend.send(&request).await.shows(
        200,
        json!({ "status": "valid", "holderId": friend.id(), "generation": 2, "version": 3, "number": 1, "of": 2 }),
    );
    assert_ne!(accepted.body["code"], old["code"]);
    assert!(accepted.body.get("transfer").is_none(), "{accepted}");
    assert!(friend.send(&request).await.is_replay());
    // Without the key, too: it is theirs already.
    friend.post(&accept, json!({ "token": token })).await.shows(200, json!({ "version": 3 }));
    buyer.get(&path(old)).await.expect(403);
    buyer.admissions(&json!({ "id": old["orderId"] }), 1).await;
    let refused = seller.scans(&ticket, "North", &old["code"]).await;
    assert_eq!(refused["verdict"], "void", "{refused:#}");
    let admitted = seller.scans(&ticket, "North", &accepted.body["code"]).await;
    assert_eq!(admitted["verdict"], "admitted", "{admitted:#}");
    app.audit().await;
}

#[tokio::test]
async fn what_is_handed_on_can_be_taken_back_until_it_is_accepted() {
    let (app, _, buyer, _, admissions) = sold(1).await;
    let friend = app.sign_up().await;
    let transfer = format!("{}/transfer", path(&admissions[0]));
    let accept = format!("{}/accept", path(&admissions[0]));
    let to_friend = json!({ "email": friend.account["email"] });
    let first = token(&buyer.post(&transfer, to_friend.clone()).await.expect(200));
    // A new link in place of the first, which no longer works.
    let second = token(&buyer.post(&transfer, to_friend.clone()).await.expect(200));
    assert_ne!(first, second);
    friend.post(&accept, json!({ "token": first })).await.refuses(409, "ended");
    let taken =
        buyer.send(&delete(&transfer).key("back")).await.shows(200, json!({ "generation": 1 }));
    assert!(taken.body.get("transfer").is_none(), "{taken}");
    buyer.delete(&transfer).await.expect(200);
    friend.post(&accept, json!({ "token": second })).await.refuses(409, "ended");
    let third = token(&buyer.post(&transfer, to_friend).await.expect(200));
    app.advance(7 * 86_400);
    let friend = friend_again(&app, &friend).await;
    friend.post(&accept, json!({ "token": third })).await.refuses(409, "ended");
    app.audit().await;
}

/// The same person, signed in again: a session lasts as long as a transfer.
async fn friend_again(app: &App, friend: &Person) -> Person {
    let body =
        json!({ "email": friend.account["email"], "password": boxoffice_tests::person::PASSWORD });
    let answer = app.client().post("/api/users/signIn", body).await;
    app.client().signed_in_by(answer, 200)
}

#[tokio::test]
async fn what_cannot_be_handed_on_says_why() {
    let (app, seller, buyer, ticket, admissions) = sold(2).await;
    let transfer = |admission: &Value, email: &str| {
        post(format!("{}/transfer", path(admission)), json!({ "email": email }))
    };
    let used = seller.scans(&ticket, "North", &admissions[1]["code"]).await;
    assert_eq!(used["verdict"], "admitted");
    let own = buyer.account["email"].as_str().unwrap().to_uppercase();
    check(
        &buyer,
        [
            row("no address", transfer(&admissions[0], "nobody"), 400).fields(["email"]),
            row("oneself", transfer(&admissions[0], &own), 400).fields(["email"]),
            row("used", transfer(&admissions[1], "ada@example.com"), 409).code("used"),
        ],
    )
    .await;
    let body = json!({ "restock": false });
    seller.post(&buyer.refund_path().await, body).await.expect(200);
    for admission in &admissions {
        let shown = buyer.sees(&path(admission), json!({ "status": "void" })).await;
        assert!(shown.get("code").is_none(), "{shown:#}");
    }
    check(&buyer, [row("void", transfer(&admissions[0], "ada@example.com"), 409).code("void")])
        .await;
    app.audit().await;
}
