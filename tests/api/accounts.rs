//! `/api/users/…`: proving an address, changing a password, and a forgotten one.

use std::time::SystemTime;

use boxoffice_ops::users;
use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Answer, App, Person, Surroundings, check, eventually, post, row};
use serde_json::{Value, json};

const SIGN_UP: &str = "/api/users/signUp";
const SIGN_IN: &str = "/api/users/signIn";
const CURRENT: &str = "/api/users/currentUser";
const VERIFICATION: &str = "/api/users/verification";
const CONFIRM: &str = "/api/users/verification/confirm";
const CHANGE: &str = "/api/users/password";
const RESET: &str = "/api/users/reset";
const CHOOSE: &str = "/api/users/reset/confirm";
/// Another password than everyone has.
const OTHER: &str = "twelve paper kites";

fn email(person: &Person) -> &str {
    person.account["email"].as_str().unwrap()
}

async fn sign_in(app: &App, email: &str, password: &str) -> Answer {
    app.client().post(SIGN_IN, json!({ "email": email, "password": password })).await
}

/// The same account with its address proven.
fn verified(person: &Person) -> Value {
    let mut account = person.account.clone();
    account["emailVerified"] = json!(true);
    account
}

/// Waits until the session of `person` is refused by other services too.
async fn is_out(person: &Person) {
    person.get(CURRENT).await.shows(200, json!({ "currentUser": null }));
    let status = async || person.get("/api/orders").await.status;
    eventually("the session is refused", status, |status| *status == 401).await;
}

/// How many letters were asked for that tell what happened to an account.
fn notices(app: &App, account: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM auth_notices WHERE account_id = ?1";
    app.database().query_row(sql, [account], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_address_is_proven_by_the_code_of_its_letter() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    assert_eq!(ada.account["emailVerified"], false);
    let letter = app.letter("verify", email(&ada)).await;
    let letter = letter.shows(200, json!({ "email": email(&ada), "verified": false })).body;
    let code = letter["proof"]["code"].as_str().unwrap();
    app.client().post(CONFIRM, json!({ "code": code })).await.expect(401);
    let grouped = format!(" {} {} ", &code[..3], &code[3..]);
    ada.post(CONFIRM, json!({ "code": grouped })).await.shows(200, verified(&ada));
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": verified(&ada) }));
    sign_in(&app, email(&ada), PASSWORD).await.shows(200, verified(&ada));
    ada.post(CONFIRM, json!({ "code": code })).await.shows(200, verified(&ada));
    ada.post(VERIFICATION, json!({})).await.refuses(409, "already_verified");
    app.letter("verify", email(&ada)).await.refuses(410, "letter_void");
}

#[tokio::test]
async fn an_address_is_proven_by_the_link_of_its_letter() {
    let app = App::start().await;
    let (ada, bob) = (app.sign_up().await, app.sign_up().await);
    let token = app.token("verify", email(&ada)).await;
    let by_link = post(CONFIRM, json!({ "token": token }));
    ada.send(&by_link).await.shows(200, verified(&ada));
    let again = row("a repeat by somebody else", by_link, 200).shows(verified(&ada));
    check(&app.client(), [again]).await;
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": verified(&ada) }));
    bob.get(CURRENT).await.shows(200, json!({ "currentUser": bob.account }));
    bob.post(RESET, json!({ "email": email(&bob) })).await.expect(202);
    let other = app.token("reset", email(&bob)).await;
    let wrong = |name: &str, body: Value, status| row(name, post(CONFIRM, body), status);
    let rows = [
        wrong("the link of another letter", json!({ "token": other }), 409).code("proof_void"),
        wrong("no token of ours", json!({ "token": "x".repeat(64) }), 409).code("proof_void"),
        wrong("nothing", json!({}), 400).fields(["code"]),
        wrong("both", json!({ "token": token, "code": "123456" }), 400).fields(["token"]),
        wrong("five digits", json!({ "code": "12345" }), 400).fields(["code"]),
    ];
    check(&bob, rows).await;
}

#[tokio::test]
async fn an_address_that_is_proven_on_another_device_leaves_the_account_as_it_is() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let token = app.token("verify", email(&ada)).await;
    app.client().post(CONFIRM, json!({ "token": token })).await.shows(200, verified(&ada));
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": verified(&ada) }));
    sign_in(&app, email(&ada), PASSWORD).await.shows(200, verified(&ada));
}

#[tokio::test]
async fn a_new_letter_ends_the_one_before() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let first = app.letter("verify", email(&ada)).await.expect(200);
    let due = json!({ "expiresAt": app.time(3600) });
    ada.post(VERIFICATION, json!({})).await.shows(202, due);
    let second = app.letter("verify", email(&ada)).await.expect(200);
    assert_ne!(first["proof"], second["proof"]);
    let token = json!({ "token": first["proof"]["token"] });
    app.client().post(CONFIRM, token).await.refuses(409, "proof_void");
    let code = json!({ "code": first["proof"]["code"] });
    ada.post(CONFIRM, code).await.refuses(400, "wrong_code");
    let code = json!({ "code": second["proof"]["code"] });
    ada.post(CONFIRM, code).await.shows(200, verified(&ada));
}

#[tokio::test]
async fn a_letter_works_for_an_hour_and_comes_five_times_in_one() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    for _ in 0..5 {
        ada.post(VERIFICATION, json!({})).await.expect(202);
    }
    let refused = ada.post(VERIFICATION, json!({})).await;
    assert_eq!(refused.header("retry-after"), "3600");
    refused.refuses(429, "too_many_letters");
    let letter = app.letter("verify", email(&ada)).await.expect(200);
    app.advance(3600);
    for part in ["code", "token"] {
        ada.post(CONFIRM, json!({ part: letter["proof"][part] })).await.refuses(409, "proof_void");
    }
    app.letter("verify", email(&ada)).await.refuses(410, "letter_void");
    ada.post(VERIFICATION, json!({})).await.expect(202);
    let code = app.letter("verify", email(&ada)).await.expect(200)["proof"]["code"].clone();
    ada.post(CONFIRM, json!({ "code": code })).await.shows(200, verified(&ada));
}

#[tokio::test]
async fn a_letter_is_in_the_language_of_its_reader() {
    let app = App::start().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let request =
        |path: &str, language: &str| post(path, body.clone()).header("accept-language", language);
    let locale =
        async || app.letter("verify", "ada@example.com").await.expect(200)["locale"].clone();
    app.client().send(&request(SIGN_UP, "de-AT,de;q=0.9")).await.expect(201);
    assert_eq!(locale().await, "de-AT");
    app.client().send(&request(SIGN_IN, "<b>;q=1")).await.expect(200);
    assert_eq!(locale().await, "de-AT");
    app.client().send(&request(SIGN_IN, "fr")).await.expect(200);
    assert_eq!(locale().await, "fr");
}

#[tokio::test]
async fn a_password_is_changed_by_who_has_the_old_one() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let other = app.client().signed_in_by(sign_in(&app, email(&ada), PASSWORD).await, 200);
    let wish = |current: &str, password: &str| {
        post(CHANGE, json!({ "current": current, "password": password }))
    };
    let rows = [
        row("nothing", post(CHANGE, json!({})), 400).fields(["current", "password"]),
        row("a wrong one", wish("not this one", OTHER), 400)
            .code("wrong_password")
            .fields(["current"]),
        row("a short one", wish(PASSWORD, "short"), 400).fields(["password"]),
        row("a common one", wish(PASSWORD, "password1"), 400).fields(["password"]),
    ];
    check(&ada, rows).await;
    app.client().send(&wish(PASSWORD, OTHER)).await.expect(401);
    let change = wish(PASSWORD, OTHER).key("change-1");
    ada.send(&change).await.expect(204);
    is_out(&other).await;
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": ada.account }));
    ada.get("/api/orders").await.expect(200);
    sign_in(&app, email(&ada), PASSWORD).await.expect(401);
    sign_in(&app, email(&ada), OTHER).await.expect(200);
    let again = ada.send(&change).await;
    assert!(again.is_replay(), "{again}");
    again.expect(204);
    let different = wish(PASSWORD, "thirteen paper kites").key("change-1");
    ada.send(&different).await.refuses(409, "idempotency_key_reused");
}

#[tokio::test]
async fn a_letter_tells_of_a_change() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let change = post(CHANGE, json!({ "current": PASSWORD, "password": OTHER }));
    ada.send(&change.header("user-agent", "Browser/1")).await.expect(204);
    let notice = json!({ "device": "Browser/1", "client": "127.0.0.1", "at": app.time(0) });
    let told = app.notice(ada.id()).await;
    told.shows(200, json!({ "email": email(&ada), "notice": notice }));
    app.advance(7 * 86_400);
    app.notice(ada.id()).await.refuses(410, "letter_void");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_the_link_of_a_letter() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    app.client().post(RESET, json!({ "email": "x" })).await.expect(400);
    let asked = json!({ "email": format!(" {} ", email(&ada).to_uppercase()) });
    let due = json!({ "expiresAt": app.time(1800) });
    app.client().post(RESET, asked).await.shows(202, due);
    let letter = app.letter("reset", email(&ada)).await.expect(200);
    assert_eq!(letter["proof"].get("code"), None, "a code is too short for this");
    let token = letter["proof"]["token"].as_str().unwrap();
    let choose = |password: &str| post(CHOOSE, json!({ "token": token, "password": password }));
    let rows = [
        row("nothing", post(CHOOSE, json!({})), 400).fields(["password", "token"]),
        row("a common one", choose("password1"), 400).fields(["password"]),
        row("the address", choose(email(&ada)), 400).fields(["password"]),
        row(
            "a token of another kind",
            post(
                CHOOSE,
                json!({
                    "token": app.token("verify", email(&ada)).await, "password": OTHER,
                }),
            ),
            409,
        )
        .code("proof_void"),
    ];
    check(&app.client(), rows).await;
    let chosen = choose(OTHER).key("reset-1");
    let answer = app.client().send(&chosen).await.shows(200, verified(&ada));
    let here = app.client().signed_in_by(answer, 200);
    here.get(CURRENT).await.shows(200, json!({ "currentUser": verified(&ada) }));
    is_out(&ada).await;
    here.get("/api/orders").await.expect(200);
    sign_in(&app, email(&ada), PASSWORD).await.expect(401);
    sign_in(&app, email(&ada), OTHER).await.expect(200);
    app.client().send(&choose(OTHER)).await.refuses(409, "proof_void");
    // Who got no answer repeats the request with its key, and is signed in.
    let again = app.client().send(&chosen).await;
    assert!(again.is_replay(), "{again}");
    app.client().signed_in_by(again, 200).get("/api/orders").await.expect(200);
    let different = choose("thirteen paper kites").key("reset-1");
    app.client().send(&different).await.refuses(409, "proof_void");
    app.letter("reset", email(&ada)).await.refuses(410, "letter_void");
    assert_eq!(app.notice(ada.id()).await.expect(200)["notice"]["client"], "127.0.0.1");
}

#[tokio::test]
async fn a_link_for_a_new_password_ends_with_its_time_and_with_a_change() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let ask = async || {
        app.client().post(RESET, json!({ "email": email(&ada) })).await.expect(202);
        app.token("reset", email(&ada)).await
    };
    let choose = async |token: &str| {
        app.client().post(CHOOSE, json!({ "token": token, "password": OTHER })).await
    };
    let (first, second) = (ask().await, ask().await);
    choose(&first).await.refuses(409, "proof_void");
    app.advance(1800);
    choose(&second).await.refuses(409, "proof_void");
    let third = ask().await;
    let body = json!({ "current": PASSWORD, "password": "thirteen paper kites" });
    ada.post(CHANGE, body).await.expect(204);
    choose(&third).await.refuses(409, "proof_void");
}

#[tokio::test]
async fn whether_an_address_has_an_account_does_not_show_when_it_is_forgotten() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let ask = async |email: &str| app.client().post(RESET, json!({ "email": email })).await;
    let (known, unknown) = (ask(email(&ada)).await, ask("nobody@example.com").await);
    assert_eq!(known.body, unknown.body);
    assert_eq!(known.expect(202), unknown.expect(202));
    // What is stored for nobody is never sent.
    app.letter("reset", "nobody@example.com").await.refuses(410, "letter_void");
}

#[tokio::test]
async fn an_address_goes_to_who_reads_its_mail() {
    let app = App::start().await;
    let squatter = app.sign_up().await;
    let address = email(&squatter);
    let body = json!({ "email": address, "password": OTHER });
    app.client().post(SIGN_UP, body).await.refuses(409, "email_taken");
    app.client().post(RESET, json!({ "email": address })).await.expect(202);
    let token = app.token("reset", address).await;
    let body = json!({ "token": token, "password": OTHER });
    let owner = app.client().signed_in_by(app.client().post(CHOOSE, body).await, 200);
    assert_eq!(owner.account, verified(&squatter));
    is_out(&squatter).await;
    sign_in(&app, address, PASSWORD).await.expect(401);
}

#[tokio::test]
async fn a_letter_tells_of_a_device_that_is_new() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    assert_eq!(notices(&app, ada.id()), 0, "not at signing up");
    let body = json!({ "email": email(&ada), "password": PASSWORD });
    let request = post(SIGN_IN, body).header("user-agent", "Browser/2");
    let answer = app.client().send(&request).await;
    assert_eq!(notices(&app, ada.id()), 1);
    let notice = json!({ "device": "Browser/2", "client": "127.0.0.1", "at": app.time(0) });
    app.notice(ada.id()).await.shows(200, json!({ "notice": notice }));
    app.client().send(&request).await.expect(200);
    assert_eq!(notices(&app, ada.id()), 1, "once an hour");
    app.advance(3600);
    let mut cookies = answer.headers.get_all("set-cookie").iter();
    let device = cookies.find_map(|cookie| {
        cookie.to_str().unwrap().split(';').next().filter(|pair| pair.starts_with("device="))
    });
    let known = app.client().with_cookie(device.expect("a device's cookie"));
    known.send(&request).await.expect(200);
    assert_eq!(notices(&app, ada.id()), 1, "it is known");
    app.client().send(&request).await.expect(200);
    assert_eq!(notices(&app, ada.id()), 2);
}

#[tokio::test]
async fn a_shop_may_ask_sellers_for_a_proven_address() {
    let app = App::start_with([("verified_sellers", "true")]).await;
    let (ada, bob) = (app.sign_up().await, app.sign_up().await);
    ada.list(json!({ "quantity": 2 })).await.refuses(403, "address_unverified");
    let prove = async |person: &Person| {
        let token = app.token("verify", email(person)).await;
        person.post(CONFIRM, json!({ "token": token })).await.expect(200);
    };
    prove(&ada).await;
    let ticket = ada.list(json!({ "quantity": 2 })).await.expect(201);
    let order = bob.buy(&ticket, 1).await;
    let admission = bob.admissions(&order, 1).await.remove(0);
    let offer = format!("/api/admissions/{}/offer", boxoffice_tests::id(&admission));
    bob.post(&offer, json!({ "price": 2500 })).await.refuses(403, "address_unverified");
    prove(&bob).await;
    bob.post(&offer, json!({ "price": 2500 })).await.expect(200);
}

#[tokio::test]
async fn an_operator_makes_a_link_for_a_new_password() {
    // The tool goes by the machine's clock.
    let app = App::start_in(Surroundings::prepare_at(SystemTime::now()).await).await;
    let ada = app.sign_up().await;
    let key = &app.variables["auth_signing_key"];
    let shop = "https://shop.example/";
    let made = users::reset_link(&app.databases(), key, shop, email(&ada)).await.unwrap();
    assert_eq!(made.account, ada.id());
    let token = made.link.strip_prefix("https://shop.example/reset?token=").unwrap();
    let body = json!({ "token": token, "password": OTHER });
    app.client().post(CHOOSE, body).await.shows(200, verified(&ada));
    sign_in(&app, email(&ada), OTHER).await.expect(200);
    let unknown = users::reset_link(&app.databases(), key, shop, "nobody@example.com").await;
    assert!(unknown.unwrap_err().to_string().contains("nobody@example.com"));
    let odd = users::reset_link(&app.databases(), "hunter2", shop, email(&ada)).await;
    assert!(odd.unwrap_err().to_string().contains("auth_signing_key"));
}
