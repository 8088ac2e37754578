//! `/api/users/…`: in without a password, and another address.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Answer, App, Person, check, eventually, post, row};
use serde_json::{Value, json};

const SIGN_UP: &str = "/api/users/signUp";
const SIGN_IN: &str = "/api/users/signIn";
const CURRENT: &str = "/api/users/currentUser";
const RESET: &str = "/api/users/reset";
const CHOOSE: &str = "/api/users/reset/confirm";
const CHANGE: &str = "/api/users/password";
const LINK: &str = "/api/users/signInLink";
const ENTER: &str = "/api/users/signInLink/confirm";
const GUEST: &str = "/api/users/guest";
const EMAIL: &str = "/api/users/email";
const CONFIRM: &str = "/api/users/email/confirm";
const UNDO: &str = "/api/users/email/undo";
/// Another password than everyone has.
const OTHER: &str = "twelve paper kites";
const NEW: &str = "ada@example.org";

fn email(person: &Person) -> &str {
    person.account["email"].as_str().unwrap()
}

async fn sign_in(app: &App, email: &str, password: &str) -> Answer {
    app.client().post(SIGN_IN, json!({ "email": email, "password": password })).await
}

/// Asks for a letter that signs in to the account of `email`.
async fn ask(app: &App, email: &str) {
    app.client().post(LINK, json!({ "email": email })).await.expect(202);
}

/// A guest of their own address.
async fn guest(app: &App, email: &str) -> Person {
    let answer = app.client().post(GUEST, json!({ "email": email })).await;
    app.client().signed_in_by(answer, 201)
}

/// The account of `person` with `parts` changed.
fn with(person: &Person, parts: Value) -> Value {
    let mut account = person.account.clone();
    for (name, value) in parts.as_object().unwrap() {
        account[name] = value.clone();
    }
    account
}

/// Somebody whose address is proven, and who has their password still.
async fn verified(app: &App) -> Person {
    let mut person = app.sign_up().await;
    let token = app.token("verify", email(&person)).await;
    let proven = person.post("/api/users/verification/confirm", json!({ "token": token })).await;
    person.account = proven.expect(200);
    person
}

/// Waits until the session of `person` is refused by other services too.
async fn is_out(person: &Person) {
    person.get(CURRENT).await.shows(200, json!({ "currentUser": null }));
    let status = async || person.get("/api/orders").await.status;
    eventually("the session is refused", status, |status| *status == 401).await;
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let app = App::start().await;
    let ada = verified(&app).await;
    let asked = json!({ "email": format!(" {} ", email(&ada).to_uppercase()), "next": "/orders" });
    let due = json!({ "expiresAt": app.time(15 * 60) });
    app.client().post(LINK, asked).await.shows(202, due);
    let letter = app.letter("sign_in", email(&ada)).await;
    let letter = letter.shows(200, json!({ "email": email(&ada), "proof": { "next": "/orders" } }));
    let by_link = post(ENTER, json!({ "token": letter.body["proof"]["token"] })).key("link-1");
    let answer = app.client().send(&by_link).await.shows(200, ada.account.clone());
    let here = app.client().signed_in_by(answer, 200);
    here.get("/api/orders").await.expect(200);
    ada.get("/api/orders").await.expect(200);
    sign_in(&app, email(&ada), PASSWORD).await.expect(200);
    // Who got no answer repeats the request with its key, as long as the letter would work.
    let again = app.client().send(&by_link).await;
    assert!(again.is_replay(), "{again}");
    app.client().signed_in_by(again, 200).get("/api/orders").await.expect(200);
    let other = by_link.clone().key("link-2");
    app.client().send(&other).await.refuses(409, "proof_void");
    app.advance(15 * 60);
    app.client().send(&by_link).await.refuses(409, "proof_void");
    app.letter("sign_in", email(&ada)).await.refuses(410, "letter_void");
}

#[tokio::test]
async fn a_code_signs_in_on_another_device() {
    let app = App::start().await;
    let ada = verified(&app).await;
    ask(&app, email(&ada)).await;
    let letter = app.letter("sign_in", email(&ada)).await.expect(200);
    let code = letter["proof"]["code"].as_str().unwrap();
    let wrong = if code == "123456" { "654321" } else { "123456" };
    let typed = |email: &str, code: &str| post(ENTER, json!({ "email": email, "code": code }));
    let grouped = format!(" {} {} ", &code[..3], &code[3..]);
    let rows = [
        row("nothing", post(ENTER, json!({})), 400).fields(["email", "code"]),
        row("no address", post(ENTER, json!({ "code": code })), 400).fields(["email"]),
        row("no code", post(ENTER, json!({ "email": email(&ada) })), 400).fields(["code"]),
        row("five digits", typed(email(&ada), "12345"), 400).fields(["code"]),
        row("a wrong one", typed(email(&ada), wrong), 400).code("wrong_code").fields(["code"]),
        row("of another address", typed("nobody@example.com", code), 409).code("proof_void"),
    ];
    check(&app.client(), rows).await;
    let entered = typed(&email(&ada).to_uppercase(), &grouped).key("code-1");
    let answer = app.client().send(&entered).await.shows(200, ada.account.clone());
    app.client().signed_in_by(answer, 200).get("/api/orders").await.expect(200);
    let again = app.client().send(&entered).await;
    assert!(again.is_replay(), "{again}");
    app.client().signed_in_by(again, 200).get("/api/orders").await.expect(200);
    app.client().send(&typed(email(&ada), code)).await.refuses(409, "proof_void");
}

#[tokio::test]
async fn a_new_letter_ends_the_one_before_and_each_its_time() {
    let app = App::start().await;
    let ada = verified(&app).await;
    ask(&app, email(&ada)).await;
    let first = app.token("sign_in", email(&ada)).await;
    ask(&app, email(&ada)).await;
    let second = app.token("sign_in", email(&ada)).await;
    let enter = async |token: &str| app.client().post(ENTER, json!({ "token": token })).await;
    enter(&first).await.refuses(409, "proof_void");
    app.advance(15 * 60);
    enter(&second).await.refuses(409, "proof_void");
    for token in ["x", &"x".repeat(64), &"A".repeat(70)] {
        enter(token).await.refuses(409, "proof_void");
    }
    // One who changes the password ends the letters that are on their way.
    ask(&app, email(&ada)).await;
    let third = app.token("sign_in", email(&ada)).await;
    ada.post(CHANGE, json!({ "current": PASSWORD, "password": OTHER })).await.expect(204);
    enter(&third).await.refuses(409, "proof_void");
}

#[tokio::test]
async fn whether_an_address_has_an_account_does_not_show_when_a_link_is_asked_for() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let nobody = "nobody@example.com";
    let asked = async |email: &str| app.client().post(LINK, json!({ "email": email })).await;
    let (known, unknown) = (asked(email(&ada)).await, asked(nobody).await);
    assert_eq!(known.expect(202), unknown.expect(202));
    app.letter("sign_in", nobody).await.refuses(410, "letter_void");
    // Nor by what a code comes to that is guessed.
    for left in [9, 8] {
        let said = async |email: &str| {
            let body = json!({ "email": email, "code": "123456" });
            app.client().post(ENTER, body).await.expect(400)["detail"].clone()
        };
        let (known, unknown) = (said(email(&ada)).await, said(nobody).await);
        assert_eq!(known, unknown);
        assert!(known.as_str().unwrap().contains(&format!("{left} more")), "{known}");
    }
    let rows = [
        row("no address", post(LINK, json!({})), 400).fields(["email"]),
        row("elsewhere", post(LINK, json!({ "email": NEW, "next": "//evil.example" })), 400)
            .fields(["next"]),
    ];
    check(&app.client(), rows).await;
}

#[tokio::test]
async fn a_link_takes_an_unverified_account_from_who_made_it() {
    let app = App::start().await;
    let squatter = app.sign_up().await;
    ask(&app, email(&squatter)).await;
    let token = app.token("sign_in", email(&squatter)).await;
    let answer = app.client().post(ENTER, json!({ "token": token })).await;
    let claimed = with(&squatter, json!({ "emailVerified": true, "hasPassword": false }));
    let owner = app.client().signed_in_by(answer.shows(200, claimed.clone()), 200);
    is_out(&squatter).await;
    owner.get(CURRENT).await.shows(200, json!({ "currentUser": claimed }));
    owner.get("/api/orders").await.expect(200);
    sign_in(&app, email(&squatter), PASSWORD).await.refuses(401, "invalid_credentials");
    let body = json!({ "current": PASSWORD, "password": OTHER });
    owner.post(CHANGE, body).await.refuses(409, "no_password");
}

#[tokio::test]
async fn a_session_of_ones_own_that_follows_a_link_keeps_the_password() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    ask(&app, email(&ada)).await;
    let token = app.token("sign_in", email(&ada)).await;
    let proven = with(&ada, json!({ "emailVerified": true }));
    ada.post(ENTER, json!({ "token": token })).await.shows(200, proven);
    ada.get("/api/orders").await.expect(200);
    sign_in(&app, email(&ada), PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_guest_buys_with_an_address_alone() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    let rows = [
        row("nothing", post(GUEST, json!({})), 400).fields(["email"]),
        row("no address", post(GUEST, json!({ "email": "ada" })), 400).fields(["email"]),
        row("somebody's", post(GUEST, json!({ "email": email(&seller) })), 409)
            .code("account_exists")
            .fields(["email"]),
    ];
    check(&app.client(), rows).await;
    let enter = post(GUEST, json!({ "email": " Ada@Example.com " })).key("guest-1");
    let answer = app.client().send(&enter).await;
    let account =
        json!({ "email": "ada@example.com", "emailVerified": false, "hasPassword": false });
    let ada = app.client().signed_in_by(answer.shows(201, account), 201);
    let again = app.client().send(&enter).await;
    assert!(again.is_replay(), "{again}");
    app.client().signed_in_by(again, 201).get("/api/orders").await.expect(200);
    app.advance(10 * 60);
    app.client().send(&enter).await.refuses(409, "account_exists");
    sign_in(&app, "ada@example.com", "").await.expect(400);
    sign_in(&app, "ada@example.com", PASSWORD).await.refuses(401, "invalid_credentials");
    let order = ada.buy(&ticket, 1).await;
    // The letters about it open the account, again and again.
    let token = app.opening(ada.id()).await.expect("a guest's letters open the account");
    let open = post(ENTER, json!({ "token": token }));
    let owner = app.client().signed_in_by(app.client().send(&open).await, 200);
    assert_eq!(owner.account, with(&ada, json!({ "emailVerified": true })));
    owner.sees_order(&order, json!({ "status": "complete" })).await;
    is_out(&ada).await;
    app.client().signed_in_by(app.client().send(&open).await, 200);
    owner.get("/api/orders").await.expect(200);
    app.advance(91 * 24 * 60 * 60);
    app.client().send(&open).await.refuses(409, "proof_void");
}

#[tokio::test]
async fn a_password_ends_the_links_of_a_guests_letters() {
    let app = App::start().await;
    let ada = guest(&app, NEW).await;
    let token = app.opening(ada.id()).await.unwrap();
    app.client().post(RESET, json!({ "email": NEW })).await.expect(202);
    let reset = app.token("reset", NEW).await;
    let body = json!({ "token": reset, "password": OTHER });
    let chosen = with(&ada, json!({ "emailVerified": true, "hasPassword": true }));
    app.client().post(CHOOSE, body).await.shows(200, chosen);
    app.client().post(ENTER, json!({ "token": token })).await.refuses(409, "has_password");
    assert_eq!(app.opening(ada.id()).await, None);
    sign_in(&app, NEW, OTHER).await.expect(200);
    let body = json!({ "email": NEW, "password": PASSWORD });
    app.client().post(SIGN_UP, body).await.refuses(409, "email_taken");
}

#[tokio::test]
async fn a_guest_whose_address_is_unproven_does_not_sell_where_that_matters() {
    let app = App::start_with([("verified_sellers", "true")]).await;
    let ada = guest(&app, NEW).await;
    ada.list(json!({})).await.refuses(403, "address_unverified");
    let token = app.opening(ada.id()).await.unwrap();
    ada.post(ENTER, json!({ "token": token })).await.expect(200);
    ada.list(json!({})).await.expect(201);
}

/// Asks for another address, and returns the letter that goes there.
async fn change(app: &App, person: &Person, to: &str) -> Value {
    let body = json!({ "email": to, "password": PASSWORD });
    let due = json!({ "expiresAt": app.time(3600) });
    person.post(EMAIL, body).await.shows(202, due);
    app.letter("address", to).await.shows(200, json!({ "email": to })).body
}

#[tokio::test]
async fn an_address_is_changed_by_who_reads_the_new_one() {
    let app = App::start().await;
    let ada = verified(&app).await;
    let other = app.client().signed_in_by(sign_in(&app, email(&ada), PASSWORD).await, 200);
    let wish = |body: Value| post(EMAIL, body);
    let rows = [
        row("nothing", wish(json!({})), 400).fields(["email"]),
        row("no password", wish(json!({ "email": NEW })), 400).fields(["password"]),
        row("a wrong one", wish(json!({ "email": NEW, "password": OTHER })), 400)
            .code("wrong_password")
            .fields(["password"]),
        row("the same", wish(json!({ "email": email(&ada), "password": PASSWORD })), 409)
            .code("same_address")
            .fields(["email"]),
    ];
    check(&ada, rows).await;
    app.client().send(&wish(json!({ "email": NEW, "password": PASSWORD }))).await.expect(401);
    let letter = change(&app, &ada, NEW).await;
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": ada.account }));
    let code = letter["proof"]["code"].as_str().unwrap();
    let wrong = if code == "123456" { "654321" } else { "123456" };
    let rows = [
        row("nothing", post(CONFIRM, json!({})), 400).fields(["code"]),
        row("a wrong code", post(CONFIRM, json!({ "code": wrong })), 400).code("wrong_code"),
        row("no token of ours", post(CONFIRM, json!({ "token": "x" })), 409).code("proof_void"),
    ];
    check(&ada, rows).await;
    // A stranger's link gives nothing away.
    let token = json!({ "token": letter["proof"]["token"] });
    app.client().post(CONFIRM, token.clone()).await.expect(401);
    app.sign_up().await.post(CONFIRM, token).await.refuses(409, "proof_void");
    let changed = with(&ada, json!({ "email": NEW, "emailVerified": true }));
    for _ in ["the first time", "a repeat"] {
        ada.post(CONFIRM, json!({ "code": code })).await.shows(200, changed.clone());
    }
    other.get(CURRENT).await.shows(200, json!({ "currentUser": changed }));
    other.get("/api/orders").await.expect(200);
    sign_in(&app, email(&ada), PASSWORD).await.expect(401);
    sign_in(&app, NEW, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn the_old_address_takes_itself_back() {
    let app = App::start().await;
    let ada = verified(&app).await;
    let thief = app.client().signed_in_by(sign_in(&app, email(&ada), PASSWORD).await, 200);
    let letter = change(&app, &thief, NEW).await;
    let confirm = json!({ "token": letter["proof"]["token"] });
    thief.post(CONFIRM, confirm.clone()).await.expect(200);
    thief.post(CONFIRM, confirm).await.expect(200);
    let told = app.farewell(email(&ada)).await;
    let told = told.shows(200, json!({ "email": email(&ada), "notice": { "at": app.time(0) } }));
    let undo = post(UNDO, json!({ "token": told.body["proof"]["token"] }));
    // Another change does not end the way back.
    let letter = change(&app, &thief, "eve@example.org").await;
    thief.post(CONFIRM, json!({ "token": letter["proof"]["token"] })).await.expect(200);
    let thiefs = app.farewell(NEW).await.expect(200)["proof"]["token"].clone();
    for _ in ["the first time", "a repeat"] {
        app.client().send(&undo).await.expect(204);
    }
    is_out(&thief).await;
    is_out(&ada).await;
    for address in ["eve@example.org", NEW, email(&ada)] {
        sign_in(&app, address, PASSWORD).await.expect(401);
    }
    app.client().post(UNDO, json!({ "token": thiefs })).await.refuses(409, "proof_void");
    app.client().post(RESET, json!({ "email": email(&ada) })).await.expect(202);
    let reset = app.token("reset", email(&ada)).await;
    let body = json!({ "token": reset, "password": OTHER });
    app.client().post(CHOOSE, body).await.shows(200, ada.account.clone());
}

#[tokio::test]
async fn the_way_back_ends_after_a_week() {
    let app = App::start().await;
    let ada = verified(&app).await;
    let letter = change(&app, &ada, NEW).await;
    ada.post(CONFIRM, json!({ "code": letter["proof"]["code"] })).await.expect(200);
    let token = app.farewell(email(&ada)).await.expect(200)["proof"]["token"].clone();
    let rows = [
        row("nothing", post(UNDO, json!({})), 400).fields(["token"]),
        row("no token of ours", post(UNDO, json!({ "token": "x" })), 409).code("proof_void"),
    ];
    check(&app.client(), rows).await;
    app.advance(7 * 24 * 60 * 60);
    app.client().post(UNDO, json!({ "token": token })).await.refuses(409, "proof_void");
    app.farewell(email(&ada)).await.refuses(410, "letter_void");
}

#[tokio::test]
async fn an_address_that_nobody_had_proven_is_not_told() {
    let app = App::start().await;
    // It was mistyped, and is a stranger's.
    let ada = app.sign_up().await;
    let letter = change(&app, &ada, NEW).await;
    ada.post(CONFIRM, json!({ "code": letter["proof"]["code"] })).await.expect(200);
    let sql = "SELECT COUNT(*) FROM auth_address_changes WHERE account_id = ?1";
    let told: i64 = app.database().query_row(sql, [ada.id()], |row| row.get(0)).unwrap();
    assert_eq!(told, 0);
}

#[tokio::test]
async fn an_address_has_one_account_and_belongs_to_who_proves_it() {
    let app = App::start().await;
    let (ada, bob) = (verified(&app).await, verified(&app).await);
    let letter = change(&app, &ada, email(&bob)).await;
    let confirm = post(CONFIRM, json!({ "code": letter["proof"]["code"] }));
    ada.send(&confirm).await.refuses(409, "email_taken");
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": ada.account }));
    // A squatter has proven nothing, and loses the address.
    let squatter = app.sign_up().await;
    let letter = change(&app, &ada, email(&squatter)).await;
    let confirm = post(CONFIRM, json!({ "code": letter["proof"]["code"] }));
    let changed = with(&ada, json!({ "email": email(&squatter) }));
    ada.send(&confirm).await.shows(200, changed.clone());
    is_out(&squatter).await;
    let answer = sign_in(&app, email(&squatter), PASSWORD).await;
    answer.shows(200, changed);
    // Nothing is mailed to an account without an address.
    let sql = "SELECT email FROM auth_users WHERE id = ?1";
    let left: String = app.database().query_row(sql, [squatter.id()], |row| row.get(0)).unwrap();
    assert_eq!(left, squatter.id());
}

#[tokio::test]
async fn an_account_without_a_password_changes_its_address_by_its_session() {
    let app = App::start().await;
    let ada = guest(&app, "ada@example.com").await;
    ada.post(EMAIL, json!({ "email": NEW })).await.expect(202);
    let letter = app.letter("address", NEW).await.expect(200);
    let changed = with(&ada, json!({ "email": NEW, "emailVerified": true }));
    ada.post(CONFIRM, json!({ "code": letter["proof"]["code"] })).await.shows(200, changed);
}
