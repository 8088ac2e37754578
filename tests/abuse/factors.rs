//! Second factors: codes that are guessed or used twice, passkeys of other shops and other challenges.

use boxoffice_tests::factors::LOOPBACK;
use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{App, Authenticator, Person, Request, post};
use futures::future::join_all;
use serde_json::{Value, json};

const PASSKEYS: &str = "/api/users/factors/passkeys";
const SIGN_IN: &str = "/api/users/signIn";
const FACTOR: &str = "/api/users/signIn/factor";
const BY_PASSKEY: &str = "/api/users/passkeySignIn";
/// How many tries a first step has, and an account in an hour.
const OF_STEP: usize = 5;
const OF_ACCOUNT: usize = 20;
/// How many challenges a client may ask for without an account.
const CHALLENGES: usize = 300;

async fn first_step(app: &App, person: &Person) -> String {
    let body = json!({ "email": person.account["email"], "password": PASSWORD });
    let answer = app.client().post(SIGN_IN, body).await.refuses(401, "second_factor");
    answer.body["secondFactor"]["token"].as_str().unwrap().to_owned()
}

/// How many of the answers to `requests`, all at once, have each of these statuses.
async fn statuses<const N: usize>(
    app: &App,
    requests: Vec<Request>,
    statuses: [u16; N],
) -> [usize; N] {
    let person = app.client();
    let answers = join_all(requests.iter().map(async |request| person.send(request).await)).await;
    statuses.map(|status| answers.iter().filter(|answer| answer.status == status).count())
}

async fn options(person: &Person, path: &str) -> Value {
    person.post(path, json!({})).await.expect(200)["publicKey"].clone()
}

async fn with_passkey(person: Person, authenticator: &mut Authenticator) -> Person {
    let asked = options(&person, &format!("{PASSKEYS}/options")).await;
    let body = json!({ "name": "key", "credential": authenticator.make(&asked) });
    let answer = person.post(PASSKEYS, body).await;
    person.renewed_by(&answer, 201)
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_a_code_are_five_for_a_sign_in_and_few_for_an_account() {
    let app = App::start().await;
    let (ada, codes, _) = app.protect(app.sign_up().await).await;
    let right: u32 = codes.code(&app, 30).parse().unwrap();
    let mut tried = 0;
    for _ in 0..6 {
        let token = first_step(&app, &ada).await;
        let guess = |n: u32| {
            let code = format!("{:06}", (right + 10 + n) % 1_000_000);
            post(FACTOR, json!({ "token": token, "code": code }))
        };
        let [wrong, refused] = statuses(&app, (0..12).map(guess).collect(), [400, 429]).await;
        assert!(wrong <= OF_STEP && wrong + refused == 12, "{wrong} wrong, {refused} refused");
        tried += wrong;
    }
    assert_eq!(tried, OF_ACCOUNT);
    let token = first_step(&app, &ada).await;
    let good = json!({ "token": token, "code": codes.code(&app, 30) });
    app.client().post(FACTOR, good).await.refuses(429, "too_many_failures");
    app.advance(60 * 60);
    let token = first_step(&app, &ada).await;
    let good = json!({ "token": token, "code": codes.code(&app, 0) });
    app.client().signed_in_by(app.client().post(FACTOR, good).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_overseen_signs_in_once_however_many_try_at_once() {
    let app = App::start().await;
    let (ada, codes, recovery) = app.protect(app.sign_up().await).await;
    for proof in [json!({ "code": codes.code(&app, 30) }), json!({ "recoveryCode": recovery[0] })] {
        let token = first_step(&app, &ada).await;
        let mut body = proof.clone();
        body["token"] = json!(token);
        let requests = (0..OF_STEP).map(|_| post(FACTOR, body.clone())).collect();
        let [entered, wrong] = statuses(&app, requests, [200, 400]).await;
        assert_eq!((entered, wrong), (1, OF_STEP - 1), "{proof}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_step_ends_with_its_time_and_with_the_password_that_it_was_made_by() {
    let app = App::start().await;
    let (ada, codes, _) = app.protect(app.sign_up().await).await;
    let token = first_step(&app, &ada).await;
    app.advance(10 * 60 + 1);
    let late = json!({ "token": token, "code": codes.code(&app, 0) });
    app.client().post(FACTOR, late).await.refuses(401, "first_step_void");
    let token = first_step(&app, &ada).await;
    app.advance(60);
    let change = json!({ "current": PASSWORD, "password": "twelve paper kites" });
    ada.post("/api/users/password", change).await.expect(204);
    let stolen = json!({ "token": token, "code": codes.code(&app, 0) });
    app.client().post(FACTOR, stolen).await.refuses(401, "first_step_void");
    // A session's token is not a first step, nor the other way around.
    let session = json!({ "token": ada.token(), "code": codes.code(&app, 30) });
    app.client().post(FACTOR, session).await.refuses(401, "first_step_void");
    let as_session = app.client().with_authorization(&format!("Bearer {token}"));
    as_session.get("/api/orders").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_of_another_page_shop_or_challenge_is_refused() {
    let app = App::start().await;
    let mut phone = Authenticator::new(LOOPBACK, 1);
    let _ada = with_passkey(app.sign_up().await, &mut phone).await;
    let nobody = app.client();
    let refused = async |proof: Value| {
        let answer = nobody.post(BY_PASSKEY, json!({ "assertion": proof })).await;
        answer.refuses(400, "wrong_factor");
    };
    let asked = async || options(&nobody, &format!("{BY_PASSKEY}/options")).await;
    phone.origin = "http://localhost.evil.example".to_owned();
    refused(phone.prove(&asked().await)).await;
    phone.origin = LOOPBACK.to_owned();
    phone.relying_party = Some("evil.example".to_owned());
    refused(phone.prove(&asked().await)).await;
    phone.relying_party = None;
    phone.flags = 0b1001;
    refused(phone.prove(&asked().await)).await;
    phone.flags = 0b1101;
    let mut made_up = asked().await;
    made_up["challenge"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    refused(phone.prove(&made_up)).await;
    let old = asked().await;
    app.advance(5 * 60 + 1);
    refused(phone.prove(&old)).await;
    let answer = nobody.post(BY_PASSKEY, json!({ "assertion": phone.prove(&asked().await) })).await;
    nobody.clone().signed_in_by(answer, 200);
    // A copy of the authenticator counts from where it was copied.
    phone.sign_count = 0;
    refused(phone.prove(&asked().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_good_for_its_account_alone() {
    let app = App::start().await;
    let (mut hers, mut his) = (Authenticator::new(LOOPBACK, 1), Authenticator::new(LOOPBACK, 2));
    let ada = with_passkey(app.sign_up().await, &mut hers).await;
    let bob = with_passkey(app.sign_up().await, &mut his).await;
    let token = first_step(&app, &ada).await;
    let body = json!({ "token": token });
    let asked = app.client().post(&format!("{FACTOR}/options"), body).await.expect(200);
    let proof = json!({ "token": token, "assertion": his.prove(&asked["publicKey"]) });
    app.client().post(FACTOR, proof).await.refuses(400, "wrong_factor");
    // What was asked of one is no answer to what was asked of another.
    let asked = options(&bob, "/api/users/confirm/options").await;
    let proof = json!({ "assertion": hers.prove(&asked) });
    ada.post("/api/users/confirm", proof).await.refuses(400, "wrong_factor");
    // And a passkey is in one account.
    let asked = options(&bob, &format!("{PASSKEYS}/options")).await;
    let body = json!({ "name": "key", "credential": hers.make(&asked) });
    bob.post(PASSKEYS, body).await.refuses(409, "passkey_known");
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_meet_a_limit() {
    let app = App::start().await;
    let ask = |_| post(format!("{BY_PASSKEY}/options"), json!({}));
    let requests = (0..CHALLENGES + 20).map(ask).collect();
    let [asked, refused] = statuses(&app, requests, [200, 429]).await;
    assert_eq!((asked, refused), (CHALLENGES, 20));
    app.advance(15 * 60);
    app.client().send(&ask(0)).await.expect(200);
}
