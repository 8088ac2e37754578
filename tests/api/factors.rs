//! `/api/users/factors…`, the second step of a sign-in, and confirming again.

use boxoffice_tests::factors::{LOOPBACK, codes};
use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{
    Answer, App, Authenticator, CodeApp, Person, Request, check, delete, id, post, row,
};
use reqwest::Method;
use serde_json::{Value, json};

const FACTORS: &str = "/api/users/factors";
const PASSKEYS: &str = "/api/users/factors/passkeys";
const TOTP: &str = "/api/users/factors/totp";
const RECOVERY: &str = "/api/users/factors/recoveryCodes";
const SIGN_IN: &str = "/api/users/signIn";
const FACTOR: &str = "/api/users/signIn/factor";
const CONFIRM: &str = "/api/users/confirm";
const CURRENT: &str = "/api/users/currentUser";
const RESET: &str = "/api/users/reset";
/// As long as a confirmation lasts, and a second more, in seconds.
const LATER: u64 = 15 * 60 + 1;

fn email(person: &Person) -> &str {
    person.account["email"].as_str().unwrap()
}

async fn sign_in(app: &App, person: &Person) -> Answer {
    let body = json!({ "email": email(person), "password": PASSWORD });
    app.client().post(SIGN_IN, body).await
}

/// The token of a sign-in's first step, which shows these ways to go on.
fn first_step(answer: Answer, methods: &[&str]) -> String {
    let answer = answer.refuses(401, "second_factor");
    assert_eq!(answer.body["secondFactor"]["methods"], json!(methods), "{answer}");
    answer.body["secondFactor"]["token"].as_str().unwrap().to_owned()
}

/// What `path` asks a browser to have signed.
async fn options(person: &Person, path: &str, body: Value) -> Value {
    person.post(path, body).await.expect(200)["publicKey"].clone()
}

/// The same person, whose account has the passkey of `authenticator` too; and the passkey.
async fn with_passkey(
    person: Person,
    authenticator: &mut Authenticator,
) -> (Person, Value, Vec<String>) {
    let asked = options(&person, &format!("{PASSKEYS}/options"), json!({})).await;
    let body = json!({ "name": "My phone", "credential": authenticator.make(&asked) });
    let answer = person.post(PASSKEYS, body).await;
    let (passkey, codes) = (answer.body["passkey"].clone(), codes(&answer));
    (person.renewed_by(&answer, 201), passkey, codes)
}

#[tokio::test]
async fn an_authenticator_app_is_the_second_step_of_a_sign_in() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let elsewhere = sign_in(&app, &ada).await;
    let elsewhere = app.client().signed_in_by(elsewhere, 200);
    ada.post(&format!("{TOTP}/confirm"), json!({ "code": "123456" }))
        .await
        .refuses(409, "no_authenticator_app");
    let begun = ada.post(TOTP, json!({})).await.expect(200);
    assert!(begun["uri"].as_str().unwrap().starts_with("otpauth://totp/Boxoffice:"), "{begun}");
    assert!(begun["picture"].as_str().unwrap().starts_with("<svg"));
    // It does not count before a code of it was typed.
    app.client().signed_in_by(sign_in(&app, &ada).await, 200);
    let (codes_app, wrong) = (CodeApp::of(&begun), json!({ "code": "000000" }));
    ada.post(&format!("{TOTP}/confirm"), wrong).await.refuses(400, "wrong_factor");
    let code = json!({ "code": codes_app.code(&app, 0) });
    let answer = ada.post(&format!("{TOTP}/confirm"), code).await;
    let recovery = codes(&answer);
    assert_eq!(recovery.len(), 10);
    let ada = ada.renewed_by(&answer, 200);
    let factors =
        json!({ "passkeys": [], "recoveryCodes": 10, "hasPassword": true, "confirmed": true });
    let seen = ada.get(FACTORS).await.shows(200, factors);
    assert!(seen.body["totpSince"].is_string(), "{seen}");
    elsewhere.get(CURRENT).await.shows(200, json!({ "currentUser": null }));
    ada.post(TOTP, json!({})).await.refuses(409, "authenticator_app_known");

    let token = first_step(sign_in(&app, &ada).await, &["totp", "recoveryCode"]);
    // The code that the app was set up by is used.
    let used = json!({ "token": token, "code": codes_app.code(&app, 0) });
    app.client().post(FACTOR, used).await.refuses(400, "wrong_factor");
    let good = json!({ "token": token, "code": codes_app.code(&app, 30) });
    let answer = app.client().post(FACTOR, good.clone()).await;
    let again = app.client().signed_in_by(answer, 200);
    again.get(CURRENT).await.shows(200, json!({ "currentUser": ada.account }));
    app.client().post(FACTOR, good).await.refuses(400, "wrong_factor");
}

#[tokio::test]
async fn a_recovery_code_works_once_and_new_ones_end_those_before() {
    let app = App::start().await;
    let (ada, _, recovery) = app.protect(app.sign_up().await).await;
    let step = async |code: &str| {
        let token = first_step(sign_in(&app, &ada).await, &["totp", "recoveryCode"]);
        app.client().post(FACTOR, json!({ "token": token, "recoveryCode": code })).await
    };
    app.client().signed_in_by(step(&recovery[0].to_uppercase()).await, 200);
    step(&recovery[0]).await.refuses(400, "wrong_factor");
    app.client().signed_in_by(step(&recovery[1].replace('-', " ")).await, 200);
    ada.get(FACTORS).await.shows(200, json!({ "recoveryCodes": 8 }));
    let new = codes(&ada.post(RECOVERY, json!({})).await.shows(200, json!({})));
    step(&recovery[2]).await.refuses(400, "wrong_factor");
    app.client().signed_in_by(step(&new[0]).await, 200);
    let bob = app.sign_up().await;
    bob.post(RECOVERY, json!({})).await.refuses(409, "no_second_factor");
}

#[tokio::test]
async fn a_passkey_signs_in_alone_and_as_the_second_step() {
    let app = App::start().await;
    let mut phone = Authenticator::new(LOOPBACK, 1);
    let (ada, passkey, recovery) = with_passkey(app.sign_up().await, &mut phone).await;
    assert_eq!((&passkey["name"], recovery.len()), (&json!("My phone"), 10));
    let asked = options(&app.client(), "/api/users/passkeySignIn/options", json!({})).await;
    assert_eq!(asked["allowCredentials"], json!([]));
    let proof = json!({ "assertion": phone.prove(&asked) });
    let answer = app.client().post("/api/users/passkeySignIn", proof.clone()).await;
    let alone = app.client().signed_in_by(answer, 200);
    alone.get(CURRENT).await.shows(200, json!({ "currentUser": ada.account }));
    app.client().post("/api/users/passkeySignIn", proof).await.refuses(400, "wrong_factor");

    let token = first_step(sign_in(&app, &ada).await, &["passkey", "recoveryCode"]);
    let asked =
        options(&app.client(), &format!("{FACTOR}/options"), json!({ "token": token })).await;
    assert_eq!(asked["allowCredentials"].as_array().map(Vec::len), Some(1));
    let body = json!({ "token": token, "assertion": phone.prove(&asked) });
    app.client().signed_in_by(app.client().post(FACTOR, body).await, 200);

    let path = format!("{PASSKEYS}/{}", id(&passkey));
    let rename = Request::new(Method::PATCH, &path).json(&json!({ "name": " My key " }));
    ada.send(&rename).await.shows(200, json!({ "name": "My key" }));
    let mut key = Authenticator::with_ed25519(LOOPBACK, 2);
    let (ada, _, more) = with_passkey(ada, &mut key).await;
    assert!(more.is_empty(), "the account keeps its codes");
    let answer = ada.delete(&path).await;
    let ada = ada.renewed_by(&answer, 204);
    ada.get(FACTORS).await.shows(200, json!({ "passkeys": [{}], "recoveryCodes": 10 }));
    let asked = options(&app.client(), "/api/users/passkeySignIn/options", json!({})).await;
    let gone = json!({ "assertion": phone.prove(&asked) });
    app.client().post("/api/users/passkeySignIn", gone).await.refuses(400, "wrong_factor");
}

#[tokio::test]
async fn the_last_factor_takes_the_recovery_codes_with_it() {
    let app = App::start().await;
    let (ada, ..) = app.protect(app.sign_up().await).await;
    let answer = ada.delete(TOTP).await;
    let ada = ada.renewed_by(&answer, 204);
    ada.get(FACTORS).await.shows(200, json!({ "totpSince": null, "recoveryCodes": 0 }));
    app.client().signed_in_by(sign_in(&app, &ada).await, 200);
    ada.delete(TOTP).await.expect(204);
}

#[tokio::test]
async fn what_changes_factors_asks_again_after_a_quarter_of_an_hour() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    app.advance(LATER);
    let asked = |name: &str, request: Request| row(name, request, 403).code("confirm_again");
    let some = "01980f3c-0000-7000-8000-000000000000";
    let passkey = json!({ "name": "n", "credential": {
        "id": "a", "type": "public-key",
        "response": { "clientDataJSON": "a", "attestationObject": "a" },
    } });
    let changes = [
        asked("an app", post(TOTP, json!({}))),
        asked("its code", post(format!("{TOTP}/confirm"), json!({ "code": "123456" }))),
        asked("no app", delete(TOTP)),
        asked("codes", post(RECOVERY, json!({}))),
        asked("options", post(format!("{PASSKEYS}/options"), json!({}))),
        asked("a passkey", post(PASSKEYS, passkey)),
        asked("no passkey", delete(format!("{PASSKEYS}/{some}"))),
    ];
    check(&ada, changes).await;
    let by_password = |password: &str| json!({ "password": password });
    ada.post(CONFIRM, by_password("wrong horse battery")).await.refuses(400, "wrong_password");
    let answer = ada.post(CONFIRM, by_password(PASSWORD)).await;
    let ada = ada.renewed_by(&answer, 204);
    let (ada, codes_app, _) = app.protect(ada).await;
    // From now on the password is not enough.
    ada.post(CONFIRM, by_password(PASSWORD)).await.refuses(400, "factor_asked");
    app.advance(LATER);
    let change = json!({ "current": PASSWORD, "password": "twelve paper kites" });
    ada.post("/api/users/password", change.clone()).await.refuses(403, "confirm_again");
    let ada = app.confirm(ada, &codes_app).await;
    ada.post("/api/users/password", change).await.expect(204);
}

#[tokio::test]
async fn a_seller_with_a_second_factor_confirms_before_a_refund() {
    let app = App::start().await;
    let (seller, codes_app, _) = app.protect(app.sign_up().await).await;
    let buyer = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    buyer.buy(&ticket, 1).await;
    let path = buyer.refund_path().await;
    app.advance(LATER);
    seller.post(&path, json!({})).await.refuses(403, "confirm_again");
    let seller = app.confirm(seller, &codes_app).await;
    let answer = seller.post(&path, json!({})).await;
    assert!(matches!(answer.status, 200 | 202), "{answer}");
}

#[tokio::test]
async fn a_new_password_does_not_do_without_the_second_factor() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let token = app.token("verify", email(&ada)).await;
    let verify = json!({ "token": token });
    app.client().post("/api/users/verification/confirm", verify).await.expect(200);
    let (ada, codes_app, _) = app.protect(ada).await;
    app.client().post(RESET, json!({ "email": email(&ada) })).await.expect(202);
    let token = app.token("reset", email(&ada)).await;
    let body = json!({ "token": token, "password": "twelve paper kites" });
    let answer = app.client().post(&format!("{RESET}/confirm"), body).await;
    let token = first_step(answer, &["totp", "recoveryCode"]);
    let step = json!({ "token": token, "code": codes_app.code(&app, 30) });
    app.client().signed_in_by(app.client().post(FACTOR, step).await, 200);
}

/// Somebody signs up with an address that is not theirs, and protects the account. Its owner gets it all
/// the same.
#[tokio::test]
async fn factors_of_who_never_proved_the_address_end_with_their_password() {
    let app = App::start().await;
    let (eve, codes_app, _) = app.protect(app.sign_up().await).await;
    let (eve, ..) = with_passkey(eve, &mut Authenticator::new(LOOPBACK, 1)).await;
    app.client().post(RESET, json!({ "email": email(&eve) })).await.expect(202);
    let token = app.token("reset", email(&eve)).await;
    let body = json!({ "token": token, "password": "twelve paper kites" });
    let answer = app.client().post(&format!("{RESET}/confirm"), body).await;
    let ada = app.client().signed_in_by(answer, 200);
    let none = json!({ "passkeys": [], "totpSince": null, "recoveryCodes": 0 });
    ada.get(FACTORS).await.shows(200, none);
    let code = json!({ "code": codes_app.code(&app, 30) });
    ada.post(CONFIRM, code).await.refuses(400, "wrong_factor");
}

#[tokio::test]
async fn what_is_missing_or_too_much_is_named() {
    let app = App::start().await;
    let ada = app.sign_up().await;
    let body = |path: &str, body: Value| post(path, body);
    check(
        &ada,
        [
            row("no code", body(&format!("{TOTP}/confirm"), json!({})), 400).fields(["code"]),
            row("no passkey", body(PASSKEYS, json!({})), 400).fields(["name", "credential"]),
            row("nothing", body(CONFIRM, json!({})), 400).fields(["code"]),
            row("two", body(CONFIRM, json!({ "code": "123456", "password": PASSWORD })), 400)
                .fields(["code"]),
            row("no token", body(FACTOR, json!({ "code": "123456" })), 400).fields(["token"]),
            row(
                "a token of mine",
                body(FACTOR, json!({ "token": "a.b.c", "code": "123456" })),
                401,
            )
            .code("first_step_void"),
            row("its options", body(&format!("{FACTOR}/options"), json!({ "token": "a" })), 401)
                .code("first_step_void"),
            row("no proof", body("/api/users/passkeySignIn", json!({})), 400).fields(["assertion"]),
        ],
    )
    .await;
    let nobody = app.client();
    let needs = |name: &str, request: Request| row(name, request, 401);
    check(
        &nobody,
        [
            needs("factors", boxoffice_tests::get(FACTORS)),
            needs("an app", post(TOTP, json!({}))),
            needs("codes", post(RECOVERY, json!({}))),
            needs("options", post(format!("{CONFIRM}/options"), json!({}))),
        ],
    )
    .await;
}
