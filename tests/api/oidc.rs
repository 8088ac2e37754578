//! `/api/users/oidc/…`: signing in by a provider of OpenID Connect, which nobody here wrote.

use std::time::SystemTime;

use boxoffice_tests::identity::with_attempt;
use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{
    Answer, App, IdentityProvider, Person, Surroundings, eventually, get, id, post,
};
use serde_json::{Value, json};

const START: &str = "/api/users/oidc/start";
const CURRENT: &str = "/api/users/currentUser";
const IDENTITIES: &str = "/api/users/identities";
const EXPORT: &str = "/api/users/export";

/// A shop with a provider. The provider has a clock of its own, so the shop's begins with the day.
async fn shop() -> (App, IdentityProvider) {
    let mut around = Surroundings::prepare_at(SystemTime::now()).await;
    let provider = IdentityProvider::start(&mut around);
    (App::start_in(around).await, provider)
}

/// The person who is signed in by `answer`.
async fn entered(answer: &Answer, person: Person) -> Person {
    assert_eq!(answer.status, 303, "{answer}");
    let cookies = answer.headers.get_all("set-cookie").iter();
    let session = cookies.filter_map(|value| value.to_str().ok());
    let session = session.filter_map(|text| text.split(';').next());
    let mut session = session.filter(|pair| pair.starts_with("session="));
    let session = session.next_back().unwrap_or_else(|| panic!("no session: {answer}"));
    let mut person = person.with_cookie(session);
    person.account = person.get(CURRENT).await.expect(200)["currentUser"].clone();
    person
}

/// Checks that `answer` leads to the page to sign in, which says why.
#[track_caller]
fn refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 303, "{answer}");
    let location = answer.header("location");
    assert!(location.starts_with(&format!("/sign-in?refused={code}")), "{location}");
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.filter_map(|value| value.to_str().ok());
    assert!(!cookies.any(|text| text.starts_with("session=")), "{answer}");
}

async fn sign_up(app: &App, email: &str) -> Person {
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = app.client().post("/api/users/signUp", body).await;
    app.client().signed_in_by(answer, 201)
}

async fn sign_in(app: &App, email: &str) -> Answer {
    app.client().post("/api/users/signIn", json!({ "email": email, "password": PASSWORD })).await
}

/// The path, changed in one parameter.
fn with(path: &str, name: &str, value: &str) -> String {
    let (path, query) = path.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((known, _)) if known == name => format!("{name}={value}"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_an_account_and_finds_it_again() {
    let (app, provider) = shop().await;
    let (answer, browser) = provider.enters(&app, "ada", "/orders").await;
    assert_eq!(answer.header("location"), "/orders", "{answer}");
    let ada = entered(&answer, browser).await;
    assert_eq!(ada.account["email"], "ada@example.com");
    assert_eq!(
        (&ada.account["emailVerified"], &ada.account["hasPassword"]),
        (&json!(true), &json!(false))
    );
    ada.get("/api/orders").await.expect(200);
    let (answer, browser) = provider.enters(&app, "ada", "https://evil.example/").await;
    assert_eq!(answer.header("location"), "/", "only pages of the shop are gone on to");
    assert_eq!(entered(&answer, browser).await.id(), ada.id());
    let (answer, browser) = provider.enters(&app, "bob", "/").await;
    assert_ne!(entered(&answer, browser).await.id(), ada.id());
    let list = ada.get(IDENTITIES).await.expect(200);
    let [linked] = &list["items"].as_array().unwrap()[..] else { panic!("{list:#}") };
    assert_eq!(linked["issuer"], provider.issuer());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_provider_has_proven_leads_to_its_account() {
    let (app, provider) = shop().await;
    let ada = sign_up(&app, "ada@example.com").await;
    let code = app.letter("verify", "ada@example.com").await.expect(200)["proof"]["code"].clone();
    ada.post("/api/users/verification/confirm", json!({ "code": code })).await.expect(200);
    let (answer, browser) = provider.enters(&app, "ada", "/").await;
    assert_eq!(entered(&answer, browser).await.id(), ada.id());
    // The owner had proven the address: the password and other sessions stay.
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": { "id": ada.id() } }));
    sign_in(&app, "ada@example.com").await.expect(200);
}

/// Who made the account without proving the address need not be its owner.
#[tokio::test(flavor = "multi_thread")]
async fn who_signed_up_first_with_an_address_of_others_is_kept_out() {
    let (app, provider) = shop().await;
    let squatter = sign_up(&app, "ada@example.com").await;
    let (answer, browser) = provider.enters(&app, "ada", "/").await;
    let ada = entered(&answer, browser).await;
    assert_eq!(ada.id(), squatter.id());
    squatter.get(CURRENT).await.shows(200, json!({ "currentUser": null }));
    sign_in(&app, "ada@example.com").await.refuses(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nobody_has_proven_links_nothing() {
    let (app, provider) = shop().await;
    let ada = sign_up(&app, "ada@example.com").await;
    for name in ["ada+unverified", "ada+none", "eve+unverified"] {
        let (answer, _) = provider.enters(&app, name, "/").await;
        refused(&answer, "oidc_unverified");
    }
    ada.get(CURRENT).await.shows(200, json!({ "currentUser": { "id": ada.id() } }));
    sign_in(&app, "ada@example.com").await.expect(200);
    sign_in(&app, "eve@example.com").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_answer_to_ones_own_request_is_believed() {
    let (app, provider) = shop().await;
    let begin = async || {
        let start = app.client().get(START).await;
        assert_eq!(start.status, 303, "{start}");
        let location = start.header("location").to_owned();
        (with_attempt(app.client(), &start), location)
    };
    let (browser, location) = begin().await;
    assert!(location.contains("code_challenge_method=S256"), "{location}");
    let back = provider.signs_in(&location, "ada").await;
    let (other, _) = begin().await;
    // Another browser, or none, or one that forges what it has kept.
    refused(&other.get(&back).await, "oidc_refused");
    refused(&app.client().get(&back).await, "oidc_refused");
    let forged = app.client().with_cookie("oidc=eyJhbGciOiJub25lIn0.e30.");
    refused(&forged.get(&back).await, "oidc_refused");
    for (name, value) in [("state", "x"), ("state", ""), ("iss", "https%3A%2F%2Fevil.example")] {
        refused(&browser.get(&with(&back, name, value)).await, "oidc_refused");
    }
    refused(&browser.get(&with(&back, "code", "x")).await, "oidc_refused");
    refused(&browser.get(&with(&back, "code", "")).await, "oidc_cancelled");
    // None of these has used the code up.
    let answer = browser.get(&back).await;
    assert!(answer.header("location") == "/", "{answer}");
    refused(&browser.get(&back).await, "oidc_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_another_request_is_not_believed() {
    let (app, provider) = shop().await;
    let start = app.client().get(START).await;
    let browser = with_attempt(app.client(), &start);
    let changed = with(start.header("location"), "nonce", "another");
    let back = provider.signs_in(&changed, "ada").await;
    refused(&browser.get(&back).await, "oidc_refused");
    let start = app.client().get(START).await;
    let browser = with_attempt(app.client(), &start);
    let challenge = "E9Melhoa2OwvFrEMTJHdCcKjnNGCDsAPYqBpZTYh0Yo";
    let changed = with(start.header("location"), "code_challenge", challenge);
    let back = provider.signs_in(&changed, "ada").await;
    refused(&browser.get(&back).await, "oidc_refused");
    // The time of the attempt is up, and that of the token.
    let start = app.client().get(START).await;
    let browser = with_attempt(app.client(), &start);
    let back = provider.signs_in(start.header("location"), "ada").await;
    app.advance(11 * 60);
    refused(&browser.get(&back).await, "oidc_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_keeps_nobody_from_the_rest() {
    let (app, mut provider) = shop().await;
    let start = app.client().get(START).await;
    let browser = with_attempt(app.client(), &start);
    let back = provider.signs_in(start.header("location"), "ada").await;
    provider.stop();
    refused(&browser.get(&back).await, "oidc_unavailable");
    let ada = sign_up(&app, "ada@example.com").await;
    sign_in(&app, "ada@example.com").await.expect(200);
    ada.get("/api/orders").await.expect(200);
    let page = app.client().send(&get("/sign-in?refused=oidc_unavailable")).await;
    assert!(page.text.contains("does not answer right now"), "{page}");
    provider.restart(&app);
    let (answer, browser) = provider.enters(&app, "bob", "/").await;
    entered(&answer, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_names_no_provider_has_no_way_there() {
    let app = App::start().await;
    for path in [START, "/api/users/oidc/callback?code=x&state=y"] {
        app.client().get(path).await.expect(404);
    }
    let page = app.client().send(&get("/sign-in")).await;
    assert!(!page.text.contains("/api/users/oidc/start"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_into_an_account_stays() {
    let (app, provider) = shop().await;
    let (answer, browser) = provider.enters(&app, "ada", "/").await;
    let ada = entered(&answer, browser).await;
    let list = async |person: &Person| person.get(IDENTITIES).await.expect(200)["items"].clone();
    let linked = list(&ada).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{IDENTITIES}/{linked}");
    ada.delete(&path).await.refuses(409, "last_way_in");
    app.client().delete(&path).await.expect(401);
    let (answer, browser) = provider.enters(&app, "bob", "/").await;
    let bob = entered(&answer, browser).await;
    bob.delete(&path).await.expect(204);
    assert_eq!(list(&ada).await.as_array().map(Vec::len), Some(1), "it was not bob's");
    ada.post("/api/users/reset", json!({ "email": "ada@example.com" })).await.expect(202);
    let token = app.token("reset", "ada@example.com").await;
    let reset = json!({ "token": token, "password": PASSWORD });
    let answer = app.client().post("/api/users/reset/confirm", reset).await;
    let ada = app.client().signed_in_by(answer, 200);
    for _ in 0..2 {
        ada.delete(&path).await.expect(204);
    }
    assert_eq!(list(&ada).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_account_is_closed_by_this_way_too() {
    let (app, provider) = shop().await;
    let (answer, browser) = provider.enters(&app, "ada", "/").await;
    let ada = entered(&answer, browser).await;
    let operation: Value = json!({
        "account": ada.id(), "deed": "suspend", "reason": "a test", "operator": "root"
    });
    let request = app.as_sibling(post("/api/users/operations", operation));
    app.client().send(&request).await.expect(200);
    let (answer, _) = provider.enters(&app, "ada", "/").await;
    refused(&answer, "account_suspended");
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_file_tells_who_signs_one_in() {
    let (app, provider) = shop().await;
    let (answer, browser) = provider.enters(&app, "ada", "/").await;
    let ada = entered(&answer, browser).await;
    let export = ada.post(EXPORT, json!({})).await.expect(202);
    let look = async || {
        app.tick().await;
        ada.get(EXPORT).await.expect(200)["export"]["status"].clone()
    };
    eventually("the file is made", look, |status| status == "ready").await;
    let file = ada.get(&format!("{EXPORT}/{}", id(&export))).await.expect(200);
    let parts = file["parts"].as_array().unwrap().iter();
    let records = parts.flat_map(|part| part["records"].as_array().unwrap());
    let told: Vec<&Value> = records.filter(|record| record["kind"] == "sign_in_provider").collect();
    let [told] = told[..] else { panic!("{file:#}") };
    assert_eq!((&told["issuer"], &told["subject"]), (&json!(provider.issuer()), &json!("ada")));
}
