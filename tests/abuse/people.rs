//! Who is who: guesses, sign-ups, sessions that somebody else has, and pages of others.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{App, Person, Request, delete, eventually, get, post};
use futures::future::join_all;
use serde_json::{Value, json};

const SIGN_IN: &str = "/api/users/signIn";
const SIGN_UP: &str = "/api/users/signUp";
const SESSIONS: &str = "/api/users/sessions";
/// A proxy on the machine of the tests is trusted: it says who the client is.
const PROXY: (&str, &str) = ("trusted_proxies", "127.0.0.1");
/// How many sign-ins of a client may fail in a quarter of an hour.
const CLIENT: usize = 100;
/// How many may fail to one account in an hour, from everywhere but its own devices.
const ACCOUNT: usize = 100;

fn sign_in(email: &str, password: &str, client: &str) -> Request {
    post(SIGN_IN, json!({ "email": email, "password": password })).header("x-forwarded-for", client)
}

fn sign_up(email: &str, client: &str) -> Request {
    post(SIGN_UP, json!({ "email": email, "password": PASSWORD })).header("x-forwarded-for", client)
}

fn email(person: &Person) -> &str {
    person.account["email"].as_str().unwrap()
}

/// The statuses of the answers to `requests`, all at once.
async fn statuses(person: &Person, requests: impl Iterator<Item = Request>) -> Vec<u16> {
    let send = async |request: Request| person.send(&request).await.status;
    join_all(requests.map(send)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_guess_at_each_of_many_addresses_meets_a_limit() {
    let app = App::start_with([PROXY]).await;
    let guess = |n| sign_in(&format!("u{n}@example.com"), "Summer 2027!", "198.51.100.7");
    let mut got = statuses(&app.client(), (0..2 * CLIENT).map(guess)).await;
    // Where hashing so many takes too long, some are answered 503: counted or not, but not tried.
    while !got.contains(&429) {
        assert!(got.len() < 10 * CLIENT, "the limit is never met: {got:?}");
        got.extend(statuses(&app.client(), (0..20).map(guess)).await);
    }
    let count = |status| got.iter().filter(|got| **got == status).count();
    assert!((CLIENT / 2..=CLIENT).contains(&count(401)), "{got:?}");
    assert_eq!(count(401) + count(429) + count(503), got.len(), "{got:?}");
    let elsewhere = sign_in("u1@example.com", "Summer 2027!", "198.51.100.8");
    app.client().send(&elsewhere).await.refuses(401, "invalid_credentials");
    // What a stranger says of itself before its proxy does counts for nothing.
    let lie = sign_in("u2@example.com", "Summer 2027!", "203.0.113.1, 198.51.100.7");
    app.client().send(&lie).await.refuses(429, "too_many_failures");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_believed_who_is_not_a_trusted_proxy() {
    let app = App::start().await;
    let guess = |n| sign_in("u@example.com", "Summer 2027!", &format!("198.51.100.{n}"));
    let got = statuses(&app.client(), (1..=20).map(guess)).await;
    assert_eq!(got.iter().filter(|status| **status == 401).count(), 10, "they are one client");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_gets_in_on_a_device_of_theirs_whatever_others_guess() {
    let app = App::start_with([PROXY]).await;
    let answer = app.client().send(&sign_up("ada@example.com", "192.0.2.1")).await;
    let device = answer.cookie("device");
    let guess = |n: usize| sign_in("ada@example.com", "Summer 2027!", &format!("198.51.{n}.7"));
    let got = statuses(&app.client(), (0..ACCOUNT + 20).map(guess)).await;
    // Where hashing so many takes too long, some are answered 503: counted, but not tried.
    let count = |status| got.iter().filter(|got| **got == status).count();
    assert!((ACCOUNT / 2..=ACCOUNT).contains(&count(401)), "{got:?}");
    assert_eq!(count(401) + count(429) + count(503), got.len(), "{got:?}");
    assert!(count(429) > 0, "{got:?}");
    let right = sign_in("ada@example.com", PASSWORD, "192.0.2.1");
    let refused = app.client().send(&right).await;
    assert!(refused.text.contains("signed in before"), "it says what to do: {refused}");
    refused.refuses(429, "too_many_failures");
    app.client().with_cookie(&device).send(&right).await.expect(200);
    // A device has as many guesses as a client.
    let wrong = sign_in("ada@example.com", "Summer 2027!", "192.0.2.1");
    let thief = app.client().with_cookie(&device);
    let got = statuses(&thief, (0..15).map(|_| wrong.clone())).await;
    assert_eq!(got.iter().filter(|status| **status == 401).count(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_makes_so_many_accounts_an_hour() {
    let app =
        App::start_with([PROXY, ("sign_ups_per_client", "5"), ("sign_ups_in_all", "8")]).await;
    let from = |client: &'static str| {
        (0..7).map(move |n| sign_up(&format!("bot{n}-{client}@example.com"), client))
    };
    let count = |got: &[u16], status| got.iter().filter(|got| **got == status).count();
    let first = statuses(&app.client(), from("198.51.100.7")).await;
    assert_eq!((count(&first, 201), count(&first, 429)), (5, 2));
    let second = statuses(&app.client(), from("198.51.100.8")).await;
    assert!((1..=3).contains(&count(&second, 201)), "8 in all, less what was refused: {second:?}");
    app.advance(60 * 60);
    app.client().send(&sign_up("late@example.com", "198.51.100.7")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeating_a_sign_up_is_no_way_to_guess() {
    let app = App::start().await;
    let attempt = |password: &str| {
        post(SIGN_UP, json!({ "email": "ada@example.com", "password": password })).key("k-1")
    };
    app.client().send(&attempt(PASSWORD)).await.expect(201);
    let guesses = (0..30).map(|n| attempt(&format!("wrong horse {n}")));
    let got = statuses(&app.client(), guesses).await;
    let count = |status| got.iter().filter(|got| **got == status).count();
    assert_eq!((count(409), count(429)), (10, 20), "{got:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_the_same_however_it_is_typed() {
    let app = App::start().await;
    let [composed, decomposed] = ["p\u{e4}ssw\u{f6}rter-17", "pa\u{308}sswo\u{308}rter-17"];
    let body = |password: &str| json!({ "email": "ada@example.com", "password": password });
    app.client().post(SIGN_UP, body(composed)).await.expect(201);
    app.client().post(SIGN_IN, body(decomposed)).await.expect(200);
    app.client().post(SIGN_IN, body(composed)).await.expect(200);
}

/// `GET` of something of each service that needs a session.
const PLACES: [&str; 5] = [
    "/api/orders",
    "/api/payments",
    "/api/admissions",
    "/api/payments/ledger",
    "/api/users/sessions",
];

/// Waits until the session of `person` is refused everywhere.
async fn is_out(person: &Person) {
    for path in PLACES {
        let status = async || person.get(path).await.status;
        eventually(&format!("{path} refuses it"), status, |status| *status == 401).await;
    }
    person.list(json!({})).await.refuses(401, "session_expired");
    person.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_token_is_worth_nothing_after_its_owner_signs_out() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    for path in PLACES {
        ada.get(path).await.expect(200);
    }
    let again = app.client().send(&sign_in(email(&ada), PASSWORD, "")).await;
    let elsewhere = app.client().signed_in_by(again, 200);
    ada.post("/api/users/signOut", json!({})).await.expect(200);
    is_out(&ada).await;
    elsewhere.get("/api/orders").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_one_by_one_or_all_at_once() {
    let app = App::start_with([PROXY]).await;
    let ada = app.sign_up().await;
    let mut others = Vec::new();
    for n in 0..3 {
        let from = sign_in(email(&ada), PASSWORD, &format!("198.51.100.{n}"));
        let from = from.header("user-agent", format!("Browser/{n}"));
        others.push(app.client().signed_in_by(app.client().send(&from).await, 200));
    }
    let listed = ada.get(SESSIONS).await.expect(200);
    let listed = listed["items"].as_array().unwrap();
    let current = |session: &&Value| session["current"] == true;
    assert_eq!((listed.len(), listed.iter().filter(current).count()), (4, 1));
    let second = listed.iter().find(|session| session["device"] == "Browser/1").unwrap();
    assert_eq!(second["client"], "198.51.100.1");
    let path = format!("{SESSIONS}/{}", second["id"].as_str().unwrap());
    app.sign_up().await.send(&delete(path.as_str())).await.expect(404);
    ada.send(&delete(path.as_str())).await.expect(204);
    ada.send(&delete(path.as_str())).await.expect(204);
    is_out(&others[1]).await;
    others[0].get("/api/orders").await.expect(200);
    ada.send(&delete(SESSIONS)).await.expect(204);
    is_out(&others[0]).await;
    is_out(&others[2]).await;
    ada.get("/api/orders").await.expect(200);
    let left = ada.get(SESSIONS).await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_all_sessions_of_an_account() {
    let app = App::start().await;
    let (ada, bob) = (app.sign_up().await, app.sign_up().await);
    ada.get("/api/orders").await.expect(200);
    let operation = json!({ "account": email(&ada), "deed": "sign_out", "operator": "root" });
    let by_operator = app.as_sibling(post("/api/users/operations", operation.clone()));
    let done = json!({ "accountId": ada.id(), "changed": true, "sessions": 1 });
    app.client().send(&by_operator).await.shows(200, done);
    is_out(&ada).await;
    bob.get("/api/orders").await.expect(200);
    let mut unknown = operation.clone();
    unknown["account"] = json!("nobody@example.com");
    let unknown = app.as_sibling(post("/api/users/operations", unknown));
    app.client().send(&unknown).await.refuses(404, "no_such_account");
    // Without the proof nobody is an operator, whoever is signed in.
    for person in [&bob, &app.client()] {
        person.post("/api/users/operations", operation.clone()).await.refuses(403, "not_a_sibling");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_told_again_what_it_has_lost() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    app.tick().await;
    ada.post("/api/users/signOut", json!({})).await.expect(200);
    is_out(&ada).await;
    let mut redis = app.redis().await;
    let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
    app.tick().await;
    is_out(&ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_a_sibling_domain_can_set_is_not_believed() {
    let app = App::start_with([("public_url", "https://shop.example")]).await;
    let (ada, eve) = (app.sign_up().await, app.sign_up().await);
    let cookies = format!("session={}; __Host-session={}", eve.token(), ada.token());
    let browser = app.client().with_cookie(&cookies);
    let current = json!({ "currentUser": ada.account });
    browser.get("/api/users/currentUser").await.shows(200, current);
    let tossed = app.client().with_cookie(&format!("session={}", eve.token()));
    tossed.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": null }));
    tossed.get("/api/orders").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_the_shop_change_something_whatever_a_proxy_makes_of_host() {
    let app = App::start_with([("public_url", "https://shop.example")]).await;
    let ada = app.sign_up().await;
    let body = json!({ "title": "Kites", "price": 100, "currency": "EUR" });
    let from = |origin: &str| post("/api/tickets", body.clone()).header("origin", origin);
    ada.send(&from("https://shop.example")).await.expect(201);
    for origin in
        ["http://shop.example", "https://evil.example", "https://shop.example.evil", "null"]
    {
        ada.send(&from(origin)).await.expect(403);
    }
    let here = format!("http://{}", app.host().address());
    ada.send(&from(&here)).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_keeps_browsers_safe() {
    let https = ("public_url", "https://shop.example");
    let app = App::start_with([https]).await;
    let paths =
        ["/", "/api/tickets", "/api/docs", "/healthz", "/readyz", "/api/nowhere", "/nowhere"];
    for path in paths {
        // Its payments are off: it has a key for tests under https.
        let answer = app.client().exchange(&get(path)).await;
        assert!(
            answer.header("content-security-policy").starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(
            answer.header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
    let app = App::start_with([https, ("hsts_subdomains", "true")]).await;
    let answer = app.client().get("/api/tickets").await;
    let said = "max-age=31536000; includeSubDomains";
    assert_eq!(answer.header("strict-transport-security"), said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_u_0000_is_refused_everywhere() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    // The base64url of ["\u0000",1] and of {"at":"\u0000"}.
    for path in
        ["/api/tickets?q=%00", "/api/tickets?city=a%00", "/api/tickets?cursor=WyJcdTAwMDAiLDFd"]
    {
        ada.get(path).await.expect(400);
    }
    let body = json!({ "title": "a\u{0}b", "price": 100, "currency": "EUR" });
    ada.post("/api/tickets", body).await.expect(400);
    ada.get("/api/payments/ledger?cursor=IlwwIg").await.expect(400);
}
