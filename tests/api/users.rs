//! `/api/users/…`: accounts and signing in.

use std::cell::Cell;
use std::time::{Duration, Instant};

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{App, Person, Row, check, get, post, row};
use futures::future::join_all;
use serde_json::{Value, json};

const SIGN_UP: &str = "/api/users/signUp";
const SIGN_IN: &str = "/api/users/signIn";
const SIGN_OUT: &str = "/api/users/signOut";
/// How long a sign-in stays locked, in seconds, from the first failure on.
const WINDOW: u64 = 15 * 60;

fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

#[tokio::test]
async fn signing_up_makes_an_account_and_a_session() {
    let app = App::start().await;
    let answer = app.client().post(SIGN_UP, credentials("ada@example.com", PASSWORD)).await;
    let answer = answer.shows(201, json!({ "email": "ada@example.com" }));
    assert_eq!(answer.header("location"), "/api/users/currentUser");
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookie = answer.header("set-cookie").to_owned();
    let attributes = "; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax";
    assert!(cookie.starts_with("session=") && cookie.ends_with(attributes), "{cookie}");
    let members: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["email", "emailVerified", "hasPassword", "id", "roles"],
        "the answer tells nothing but what is documented"
    );
    let ada = app.client().signed_in_by(answer, 201);
    ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": ada.account }));
}

#[tokio::test]
async fn what_is_no_account_is_refused_with_all_that_is_wrong() {
    let app = App::start().await;
    let long_address = format!("{}@example.com", "a".repeat(250));
    let email = |email: &str, status| {
        row(format!("address {email:?}"), post(SIGN_UP, credentials(email, PASSWORD)), status)
    };
    let password = |name: &str, password: &str, status| {
        let email = format!("{}@example.com", name.replace(' ', "-"));
        row(name, post(SIGN_UP, credentials(&email, password)), status)
    };
    let rows = [
        row("nothing", post(SIGN_UP, json!({})), 400).fields(["email", "password"]),
        row("both wrong", post(SIGN_UP, credentials("x", "y")), 400).fields(["email", "password"]),
        row("nulls", post(SIGN_UP, json!({ "email": null, "password": null })), 400)
            .fields(["email", "password"]),
        row("wrong types", post(SIGN_UP, json!({ "email": 1, "password": ["a"] })), 400)
            .fields(["email", "password"]),
        row("three things", post(SIGN_UP, json!({ "email": "x", "role": "admin" })), 400)
            .fields(["email", "password", "role"]),
        email("", 400).fields(["email"]),
        email("ada", 400).fields(["email"]),
        email("ada@", 400).fields(["email"]),
        email("@example.com", 400).fields(["email"]),
        email("ada@exa mple.com", 400).fields(["email"]),
        email("ada@example.com, bob@example.com", 400).fields(["email"]),
        email(&long_address, 400).fields(["email"]),
        email("o'hara+tickets@sub.example.co.uk", 201),
        password("seven characters", "1234567", 400).fields(["password"]),
        password("eight characters", "7 kites!", 201),
        password("eight letters of several bytes", "pässwört", 201),
        password("129 characters", &"x y z".repeat(26)[..129], 400).fields(["password"]),
        password("128 characters", &"x y z".repeat(26)[..128], 201),
        password("blanks alone", "        ", 400).fields(["password"]),
        password("one character again and again", "aaaaaaaaaaaa", 400).fields(["password"]),
        password("what many use", "12345678", 400).fields(["password"]),
        password("what many use in capitals", "PASSWORD", 400).fields(["password"]),
        password("the address", "the-address@example.com", 400).fields(["password"]),
        password("our name", "BoxOffice", 400).fields(["password"]),
    ];
    check(&app.client(), rows).await;
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_typed() {
    let app = App::start().await;
    let person = app.client();
    let answer = person.post(SIGN_UP, credentials("  Ada@Example.COM ", PASSWORD)).await;
    let account = answer.shows(201, json!({ "email": "ada@example.com" })).body;
    let taken = |email: &str| {
        row(email, post(SIGN_UP, credentials(email, "another password")), 409)
            .code("email_taken")
            .fields(["email"])
    };
    check(&person, ["ada@example.com", "ADA@EXAMPLE.COM", " ada@example.com "].map(taken)).await;
    let known = |email: &str| {
        row(email, post(SIGN_IN, credentials(email, PASSWORD)), 200).shows(account.clone())
    };
    check(&person, ["ada@example.com", "aDA@example.com", " ada@example.com "].map(known)).await;
}

#[tokio::test]
async fn twenty_equal_sign_ups_at_once_make_one_account() {
    let app = App::start().await;
    let person = app.client();
    let asked = (0..20).map(|_| person.post(SIGN_UP, credentials("ada@example.com", PASSWORD)));
    let mut statuses: Vec<u16> =
        futures::future::join_all(asked).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 19][..]));
}

#[tokio::test]
async fn signing_in_takes_the_right_password() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let email = ada.account["email"].as_str().unwrap();
    let refused =
        |name: &str, body| row(name, post(SIGN_IN, body), 401).code("invalid_credentials");
    let rows = [
        row("the right one", post(SIGN_IN, credentials(email, PASSWORD)), 200)
            .shows(ada.account.clone()),
        refused("a wrong one", credentials(email, "incorrect horse")),
        refused("other capitals", credentials(email, &PASSWORD.to_uppercase())),
        refused("more than it", credentials(email, &format!("{PASSWORD} "))),
        refused("nobody's address", credentials("nobody@example.com", PASSWORD)),
        row("nothing", post(SIGN_IN, json!({})), 400).fields(["email", "password"]),
        row("no address", post(SIGN_IN, credentials("x", PASSWORD)), 400).fields(["email"]),
    ];
    check(&app.client(), rows).await;
    let answer = app.client().post(SIGN_IN, credentials(email, PASSWORD)).await;
    let again = app.client().signed_in_by(answer, 200);
    again.list(json!({})).await.shows(201, json!({ "sellerId": ada.account["id"] }));
}

#[tokio::test]
async fn whether_an_address_has_an_account_does_not_show() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let email = ada.account["email"].as_str().unwrap();
    let guess = async |email| {
        app.client().post(SIGN_IN, credentials(email, "wrong password")).await.expect(401)
    };
    assert_eq!(guess(email).await, guess("nobody@example.com").await);
}

#[tokio::test]
async fn ten_failures_have_a_client_wait_until_the_window_is_over() {
    let app = App::start().await;
    let (ada, bob) = (app.sign_up().await, app.sign_up().await);
    let email = ada.account["email"].as_str().unwrap();
    let wrong = post(SIGN_IN, credentials(email, "wrong password"));
    let right = post(SIGN_IN, credentials(email, PASSWORD));
    let person = app.client();
    check(&person, (1..=9).map(|n| row(format!("failure {n}"), wrong.clone(), 401))).await;
    check(&person, [row("nine failures lock nothing", right.clone(), 200)]).await;
    check(&person, [row("failure 10", wrong.clone(), 401)]).await;
    let locked = |name: &str, seconds: &str| {
        let rows = [("wrong", &wrong), ("right", &right)].map(|(which, request)| {
            row(format!("{name}, {which}"), request.clone(), 429).header("retry-after", seconds)
        });
        rows.to_vec()
    };
    check(&person, locked("at once", &WINDOW.to_string())).await;
    let others = post(SIGN_IN, credentials(bob.account["email"].as_str().unwrap(), PASSWORD));
    check(&person, [row("others are not locked out", others, 200)]).await;
    ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": ada.account }));
    let device =
        app.client().post(SIGN_UP, credentials("c@example.com", PASSWORD)).await.cookie("device");
    let strange = row("another account's device", right.clone(), 429);
    check(&app.client().with_cookie(&device), [strange]).await;
    app.advance(WINDOW - 1);
    check(&person, locked("a second before the end", "1")).await;
    app.advance(1);
    check(&person, [row("free again", right, 200)]).await;
}

#[tokio::test]
async fn many_guesses_at_once_are_no_more_guesses() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let email = ada.account["email"].as_str().unwrap();
    let person = app.client();
    let guesses =
        (0..40).map(|n| person.post(SIGN_IN, credentials(email, &format!("guess {n:04}"))));
    let answers = futures::future::join_all(guesses).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (10, 30), "ten are answered, the rest are not");
    person.post(SIGN_IN, credentials(email, PASSWORD)).await.expect(429);
}

#[tokio::test]
async fn signing_out_takes_the_cookie_back() {
    let app = App::start().await;
    for person in [app.sign_up().await, app.client()] {
        let answer = person.post(SIGN_OUT, json!({})).await;
        let answer = answer.shows(200, json!({ "currentUser": null }));
        let cookie = answer.header("set-cookie");
        assert_eq!(cookie, "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        let bare = boxoffice_tests::Request::new(reqwest::Method::POST, SIGN_OUT);
        person.send(&bare).await.shows(200, json!({ "currentUser": null }));
    }
}

#[tokio::test]
async fn current_user_is_whoever_holds_a_valid_session() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let token = ada.token();
    let (head, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let forged = format!("{head}.{claims}.{}", signature.chars().rev().collect::<String>());
    let signed_in = json!({ "currentUser": ada.account });
    let nobody = json!({ "currentUser": null });
    let who = |name: &str, person: Person, sees: &Value| {
        (person, row(name, get("/api/users/currentUser"), 200).shows(sees.clone()))
    };
    let cookie = |text: &str| app.client().with_cookie(text);
    let bearer = |text: &str| app.client().with_authorization(text);
    for (person, row) in [
        who("cookie", ada.clone(), &signed_in),
        who("cookie among others", cookie(&format!("a=b; session={token}; c=d")), &signed_in),
        who("bearer", bearer(&format!("Bearer {token}")), &signed_in),
        who("the scheme in small letters", bearer(&format!("bearer {token}")), &signed_in),
        who("nothing", app.client(), &nobody),
        who("empty cookie", cookie("session="), &nobody),
        who("garbage", cookie("session=garbage"), &nobody),
        who("garbage as bearer", bearer("Bearer garbage"), &nobody),
        who("another scheme", bearer("Basic YWRhOmFkYQ=="), &nobody),
        who("forged signature", bearer(&format!("Bearer {forged}")), &nobody),
        who("no signature", bearer(&format!("Bearer {head}.{claims}.")), &nobody),
    ] {
        check(&person, [row]).await;
    }
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_up() {
    let app = App::start_with([("session_seconds", "3600")]).await;
    let ada = app.sign_up().await;
    app.advance(3599);
    ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": ada.account }));
    app.advance(2);
    ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": null }));
    ada.list(json!({})).await.refuses(401, "session_expired");
    let again = credentials(ada.account["email"].as_str().unwrap(), PASSWORD);
    let ada = app.client().signed_in_by(app.client().post(SIGN_IN, again).await, 200);
    ada.list(json!({})).await.expect(201);
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_it() {
    let app = App::start_with([("public_url", "https://shop.example")]).await;
    let answer = app.client().post(SIGN_UP, credentials("ada@example.com", PASSWORD)).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-session=") && cookie.ends_with("; Secure"), "{cookie}");
    let ada = app.client().signed_in_by(answer, 201);
    ada.get("/api/users/currentUser").await.shows(200, json!({ "currentUser": ada.account }));
    ada.list(json!({})).await.expect(201);
    let answer = ada.post(SIGN_OUT, json!({})).await;
    assert!(answer.header("set-cookie").starts_with("__Host-session=; "), "{answer}");
}

#[tokio::test]
async fn the_published_keys_verify_a_session() {
    boxoffice_eddsa::install();
    let app = App::start().await;
    let ada = app.sign_up().await;
    let answer = app.client().get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    assert!(!answer.text.contains("\"d\""), "the private half stays with auth");
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(answer.expect(200)).unwrap();
    let kid = jsonwebtoken::decode_header(ada.token()).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.set_issuer(&["boxoffice"]);
    rules.set_audience(&["http://127.0.0.1:3000"]);
    let claims = jsonwebtoken::decode::<Value>(ada.token(), &key, &rules).unwrap().claims;
    assert_eq!(claims["sub"], ada.account["id"]);
    assert!(claims["sid"].is_string());
    assert_eq!(claims.get("email"), None, "a token tells no address");
    assert_eq!(claims["iat"], boxoffice_tests::START);
    assert_eq!(claims["exp"], boxoffice_tests::START + 604_800);
}

#[tokio::test]
async fn other_methods_are_named() {
    let app = App::start().await;
    let rows = [(SIGN_UP, "POST"), (SIGN_IN, "POST"), (SIGN_OUT, "POST")]
        .map(|(path, allow)| row(path, get(path), 405).header("allow", allow));
    let current = row("currentUser", post("/api/users/currentUser", json!({})), 405);
    let rows: Vec<Row> = rows.into_iter().chain([current.header("allow", "GET,HEAD")]).collect();
    check(&app.client(), rows).await;
}

// With threads to spare for those who compute, as `boxoffice` has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_are_answered_while_passwords_are_hashed() {
    const SIGN_INS: usize = 24;
    let app = App::start().await;
    let ada = app.sign_up().await;
    let ada = &ada;
    let hashing = Cell::new(SIGN_INS);
    let sign_ins = (0..SIGN_INS).map(async |_| {
        let person = app.sign_up().await;
        let email = person.account["email"].as_str().unwrap();
        let start = Instant::now();
        person.post(SIGN_IN, credentials(email, PASSWORD)).await.expect(200);
        hashing.set(hashing.get() - 1);
        start.elapsed()
    });
    let others = ["/api/tickets", "/api/users/currentUser"].map(async |path| {
        let mut took = Vec::new();
        while hashing.get() > 0 {
            let start = Instant::now();
            ada.get(path).await.expect(200);
            took.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        took
    });
    let (sign_ins, others) = tokio::join!(join_all(sign_ins), join_all(others));
    let signed_in = median(sign_ins);
    for (path, took) in ["/api/tickets", "/api/users/currentUser"].into_iter().zip(others) {
        let answered = median(took);
        println!("{path} {answered:?}, a sign-in {signed_in:?}");
        assert!(answered * 5 < signed_in, "{path} waited behind them: {answered:?}");
    }
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations[durations.len() / 2]
}
