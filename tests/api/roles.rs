//! `/api/users/operations`: what operators do with accounts, and what roles are good for.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Answer, App, Person, eventually, post};
use serde_json::{Value, json};

const OPERATIONS: &str = "/api/users/operations";
const CURRENT: &str = "/api/users/currentUser";
const SIGN_IN: &str = "/api/users/signIn";

/// An operator's command does `operation`.
async fn operate(app: &App, operation: Value) -> Answer {
    app.client().send(&app.as_sibling(post(OPERATIONS, operation))).await
}

fn operation(person: &Person, deed: &str) -> Value {
    json!({ "account": person.id(), "deed": deed, "operator": "root" })
}

fn with(mut operation: Value, name: &str, value: &str) -> Value {
    operation[name] = json!(value);
    operation
}

fn role(person: &Person, deed: &str) -> Value {
    with(operation(person, deed), "role", "operator")
}

fn suspension(person: &Person) -> Value {
    with(operation(person, "suspend"), "reason", "sells what is not theirs")
}

async fn sign_in(app: &App, person: &Person, password: &str) -> Answer {
    let body = json!({ "email": person.account["email"], "password": password });
    app.client().post(SIGN_IN, body).await
}

/// Waits until the session of `person` is refused by other services too.
async fn is_out(person: &Person) {
    person.get(CURRENT).await.shows(200, json!({ "currentUser": null }));
    let status = async || person.get("/api/orders").await.status;
    eventually("the session is refused", status, |status| *status == 401).await;
}

/// How many operations the shop has noted.
fn noted(app: &App) -> i64 {
    let sql = "SELECT COUNT(*) FROM auth_operations WHERE operator = ?1";
    app.database().query_row(sql, ["root"], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_role_counts_from_the_next_sign_in_until_it_is_taken_away() {
    let app = App::start().await;
    let (seller, buyer, ada) = (app.sign_up().await, app.sign_up().await, app.sign_up().await);
    assert_eq!(ada.account["roles"], json!([]));
    let ticket = seller.list(json!({ "quantity": 2 })).await.expect(201);
    buyer.buy(&ticket, 1).await;
    let undo = buyer.refund_path().await;
    ada.post(&undo, json!({})).await.expect(403);
    let done = json!({ "accountId": ada.id(), "changed": true, "sessions": 0 });
    operate(&app, role(&ada, "grant")).await.shows(200, done);
    let again = json!({ "accountId": ada.id(), "changed": false, "sessions": 0 });
    operate(&app, role(&ada, "grant")).await.shows(200, again);
    // The token of before does not tell the role. `auth` itself does.
    ada.post(&undo, json!({})).await.expect(403);
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": { "roles": ["operator"] } }));
    let entered = sign_in(&app, &ada, PASSWORD).await;
    let operator = app.client().signed_in_by(entered, 200);
    assert_eq!(operator.account["roles"], json!(["operator"]));

    let revoked = operate(&app, role(&ada, "revoke")).await;
    revoked.shows(200, json!({ "changed": true, "sessions": 2 }));
    is_out(&operator).await;
    is_out(&ada).await;
    let entered = sign_in(&app, &ada, PASSWORD).await;
    let nobody = app.client().signed_in_by(entered, 200);
    nobody.post(&undo, json!({})).await.expect(403);
    operate(&app, role(&ada, "revoke"))
        .await
        .shows(200, json!({ "changed": false, "sessions": 0 }));
    nobody.get("/api/orders").await.expect(200);
    assert_eq!(noted(&app), 2, "what changed nothing is not noted");
}

#[tokio::test]
async fn a_suspended_account_lets_nobody_in() {
    let app = App::start().await;
    let (ada, bob) = (app.sign_up().await, app.sign_up().await);
    let email = ada.account["email"].as_str().unwrap();
    ada.post("/api/users/reset", json!({ "email": email })).await.expect(202);
    let token = app.token("reset", email).await;
    let done = json!({ "accountId": ada.id(), "changed": true, "sessions": 1 });
    operate(&app, suspension(&ada)).await.shows(200, done);
    is_out(&ada).await;
    sign_in(&app, &ada, PASSWORD).await.refuses(403, "account_suspended");
    // Who does not know the password learns nothing.
    sign_in(&app, &ada, "not this one").await.refuses(401, "invalid_credentials");
    let reset = json!({ "token": token, "password": "twelve paper kites" });
    let choose = "/api/users/reset/confirm";
    app.client().post(choose, reset.clone()).await.refuses(403, "account_suspended");
    sign_in(&app, &ada, PASSWORD).await.refuses(403, "account_suspended");
    bob.get("/api/orders").await.expect(200);

    operate(&app, suspension(&ada)).await.shows(200, json!({ "changed": false }));
    operate(&app, operation(&ada, "restore")).await.shows(200, json!({ "changed": true }));
    operate(&app, operation(&ada, "restore")).await.shows(200, json!({ "changed": false }));
    is_out(&ada).await;
    let entered = sign_in(&app, &ada, PASSWORD).await;
    app.client().signed_in_by(entered, 200).get("/api/orders").await.expect(200);
    app.client().post(choose, reset).await.expect(200);
    assert_eq!(noted(&app), 2);
}

#[tokio::test]
async fn a_suspended_account_holds_and_sells_nothing() {
    let app = App::start().await;
    let (ada, bob) = (app.sign_up().await, app.sign_up().await);
    let mine = ada.list(json!({ "quantity": 3 })).await.expect(201);
    let theirs = bob.list(json!({ "quantity": 1 })).await.expect(201);
    let bought = bob.buy(&mine, 1).await;
    ada.hold(&theirs).await.expect(201);
    bob.sees_ticket(&theirs, json!({ "status": "held" })).await;
    operate(&app, suspension(&ada)).await.expect(200);
    bob.sees_ticket(&mine, json!({ "status": "withdrawn", "available": 0 })).await;
    bob.sees_ticket(&theirs, json!({ "status": "open", "available": 1 })).await;
    bob.hold(&mine).await.expect(409);
    bob.sees_order(&bought, json!({ "status": "complete" })).await;
    bob.admissions(&bought, 1).await;

    operate(&app, operation(&ada, "restore")).await.expect(200);
    let entered = sign_in(&app, &ada, PASSWORD).await;
    let ada = app.client().signed_in_by(entered, 200);
    let list = async || ada.list(json!({ "quantity": 1 })).await.status;
    eventually("the seller may list again", list, |status| *status == 201).await;
    bob.sees_ticket(&mine, json!({ "status": "withdrawn" })).await;
}

/// For some two seconds other services believe a session that has ended.
#[tokio::test]
async fn a_suspended_seller_lists_nothing_by_a_session_that_is_still_believed() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let mine = ada.list(json!({ "quantity": 1 })).await.expect(201);
    operate(&app, suspension(&ada)).await.expect(200);
    ada.sees_ticket(&mine, json!({ "status": "withdrawn" })).await;
    // As if Redis had not been told that the session has ended.
    let mut redis = app.redis().await;
    let keys = redis::cmd("KEYS").arg("boxoffice:session:*:ended").query_async(&mut redis).await;
    let keys: Vec<String> = keys.unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let () = redis::cmd("DEL").arg(&keys).query_async(&mut redis).await.unwrap();
    ada.list(json!({ "quantity": 1 })).await.refuses(403, "account_suspended");
}

#[tokio::test]
async fn only_operators_commands_are_answered_and_only_clear_ones() {
    let app = App::start().await;
    let (ada, bob) = (app.sign_up().await, app.sign_up().await);
    let grant = role(&ada, "grant");
    for person in [&ada, &bob, &app.client()] {
        person.post(OPERATIONS, grant.clone()).await.refuses(403, "not_a_sibling");
    }
    let proven = app.as_sibling(post(OPERATIONS, grant.clone()));
    let mut other = proven.clone();
    other.body = Some(role(&bob, "grant").to_string().into_bytes());
    app.client().send(&other).await.refuses(403, "not_a_sibling");
    app.advance(61);
    app.client().send(&proven).await.refuses(403, "not_a_sibling");
    assert_eq!(noted(&app), 0);

    let long = "x".repeat(501);
    for (operation, field) in [
        (operation(&ada, "grant"), "role"),
        (with(operation(&ada, "sign_out"), "role", "operator"), "role"),
        (operation(&ada, "suspend"), "reason"),
        (with(operation(&ada, "suspend"), "reason", ""), "reason"),
        (with(operation(&ada, "suspend"), "reason", &long), "reason"),
        (with(operation(&ada, "suspend"), "reason", "two\nlines"), "reason"),
        (with(operation(&ada, "sign_out"), "operator", ""), "operator"),
    ] {
        let answer = operate(&app, operation.clone()).await;
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{operation}: {answer}");
    }
    let unknown = with(operation(&ada, "restore"), "account", "nobody@example.com");
    operate(&app, unknown).await.refuses(404, "no_such_account");
    operate(&app, with(operation(&ada, "restore"), "deed", "praise")).await.expect(400);
    operate(&app, with(role(&ada, "grant"), "role", "king")).await.expect(400);
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": { "roles": [] } }));
}

#[tokio::test]
async fn a_session_tells_when_it_was_last_seen() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let seen = async || {
        let list = ada.get("/api/users/sessions").await.expect(200);
        list["items"][0]["seenAt"].clone()
    };
    let begun = seen().await;
    assert_eq!(begun, json!(app.time(0)));
    app.advance(599);
    assert_eq!(seen().await, begun, "it is noted every ten minutes");
    app.advance(1);
    seen().await;
    assert_eq!(seen().await, json!(app.time(0)));
    let now = seen().await;
    app.advance(60);
    assert_eq!(seen().await, now);
}
