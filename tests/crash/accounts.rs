//! Accounts and sessions.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Answer, CodeApp, Person, Request, eventually, id, post};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::shop::Shop;

struct SignUp;

impl Operation for SignUp {
    type Scene = (String, Request);
    const NAME: &'static str = "signing up";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let email = format!("{}@example.com", shop.word());
        let body = json!({ "email": email, "password": PASSWORD });
        (email, shop.repeatable(post("/api/users/signUp", body)))
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, request): &Self::Scene) {
        shop.app.client().send(request).await.shows(201, json!({ "email": email }));
        let accounts = shop.number("SELECT COUNT(*) FROM auth_users WHERE email = ?1", email);
        assert_eq!(accounts, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up() {
    every_point::<SignUp>().await;
}

/// The first request that a service ever gets: it makes its tables.
struct FirstSignUp;

impl Operation for FirstSignUp {
    type Scene = (String, Request);
    const NAME: &'static str = "making tables";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let database = shop.app.database();
        let forget = move || {
            let tables = database.tables().unwrap();
            for name in tables.iter().filter(|name| name.starts_with("auth")) {
                database.execute(&format!("DROP TABLE {name}")).unwrap();
            }
        };
        tokio::task::spawn_blocking(forget).await.unwrap();
        SignUp::prepare(shop).await
    }

    async fn act(shop: &Shop, scene: &Self::Scene) {
        SignUp::act(shop, scene).await;
    }

    async fn verify(shop: &Shop, scene: &Self::Scene) {
        SignUp::verify(shop, scene).await;
        let twice = "SELECT COUNT(*) - MAX(version) FROM auth_migrations WHERE ?1 <> ''";
        assert_eq!(shop.number(twice, "-"), 0, "each migration once, and none left out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_all() {
    every_point::<FirstSignUp>().await;
}

struct SignIn;

impl Operation for SignIn {
    type Scene = Request;
    const NAME: &'static str = "signing in";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let email = &shop.buyer.account["email"];
        post("/api/users/signIn", json!({ "email": email, "password": PASSWORD }))
    }

    async fn act(shop: &Shop, request: &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, request: &Self::Scene) {
        let answer = shop.app.client().send(request).await;
        shop.app.client().signed_in_by(answer, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in() {
    every_point::<SignIn>().await;
}

/// What counts failures towards a pause, and forgets none.
struct FailToSignIn;

impl Operation for FailToSignIn {
    type Scene = Request;
    const NAME: &'static str = "failing to sign in";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let email = format!("{}@example.com", shop.word());
        post("/api/users/signIn", json!({ "email": email, "password": "not this one" }))
    }

    async fn act(shop: &Shop, request: &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, request: &Self::Scene) {
        shop.app.client().send(request).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fail_to_sign_in() {
    every_point::<FailToSignIn>().await;
}

/// A password that nobody has yet.
const OTHER: &str = "twelve paper kites";

/// Somebody with an account of their own.
async fn newcomer(shop: &Shop) -> (String, Person) {
    let email = format!("{}@example.com", shop.word());
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = shop.app.client().post("/api/users/signUp", body).await;
    let person = shop.app.client().signed_in_by(answer, 201);
    shop.settled().await;
    (email, person)
}

/// Checks that the account of `email` has the other password, and that alone.
async fn has_other_password(shop: &Shop, email: &str) {
    let sign_in = async |password: &str| {
        let body = json!({ "email": email, "password": password });
        shop.app.client().post("/api/users/signIn", body).await
    };
    sign_in(OTHER).await.shows(200, json!({ "email": email }));
    sign_in(PASSWORD).await.expect(401);
}

/// The owner sets another password, which ends all other sessions.
struct ChangePassword;

impl Operation for ChangePassword {
    type Scene = (String, Person, Request);
    const NAME: &'static str = "changing a password";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (email, person) = newcomer(shop).await;
        let body = json!({ "current": PASSWORD, "password": OTHER });
        (email, person, shop.repeatable(post("/api/users/password", body)))
    }

    async fn act(_: &Shop, (_, person, request): &Self::Scene) {
        person.exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, person, request): &Self::Scene) {
        person.send(request).await.expect(204);
        has_other_password(shop, email).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_password() {
    every_point::<ChangePassword>().await;
}

/// The link of a letter sets another password, once.
struct Reset;

impl Operation for Reset {
    type Scene = (String, Person, Request);
    const NAME: &'static str = "resetting a password";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (email, person) = newcomer(shop).await;
        // As many as there are points ask in what may be one hour.
        let forget = "DELETE FROM auth_limits WHERE name LIKE 'reset%'";
        shop.app.database().execute(forget).unwrap();
        person.post("/api/users/reset", json!({ "email": email })).await.expect(202);
        let token = shop.app.token("reset", &email).await;
        shop.settled().await;
        let body = json!({ "token": token, "password": OTHER });
        (email, person, shop.repeatable(post("/api/users/reset/confirm", body)))
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, before, request): &Self::Scene) {
        shop.app.client().send(request).await.shows(200, json!({ "emailVerified": true }));
        has_other_password(shop, email).await;
        let nobody = json!({ "currentUser": null });
        before.get("/api/users/currentUser").await.shows(200, nobody);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reset() {
    every_point::<Reset>().await;
}

/// An operator suspends an account that holds tickets and sells some.
struct Suspend;

impl Suspend {
    async fn send(shop: &Shop, request: &Request) -> Option<Answer> {
        // A proof is of the moment.
        shop.app.client().try_send(&shop.app.as_sibling(request.clone())).await
    }
}

impl Operation for Suspend {
    type Scene = (Value, Person, Value, Request);
    const NAME: &'static str = "suspending an account";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let theirs = shop.listing(1).await;
        let (_, person) = newcomer(shop).await;
        person.hold(&theirs).await.expect(201);
        let mine = person.list(json!({ "title": shop.word(), "quantity": 2 })).await.expect(201);
        shop.settled().await;
        let operation = json!({
            "account": person.id(), "deed": "suspend", "reason": "a test", "operator": "root"
        });
        (theirs, person, mine, post("/api/users/operations", operation))
    }

    async fn act(shop: &Shop, (.., request): &Self::Scene) {
        Self::send(shop, request).await;
    }

    async fn verify(shop: &Shop, (theirs, person, mine, request): &Self::Scene) {
        let answer = Self::send(shop, request).await.unwrap();
        answer.shows(200, json!({ "accountId": person.id() }));
        shop.buyer.sees_ticket(theirs, json!({ "status": "open" })).await;
        // Strangers are not shown what is off sale.
        let path = format!("/api/tickets/{}", id(mine));
        let look = async || shop.buyer.get(&path).await.status;
        eventually("the listing is off sale", look, |status| *status == 404).await;
        let nobody = json!({ "currentUser": null });
        person.get("/api/users/currentUser").await.shows(200, nobody);
        let noted = "SELECT COUNT(*) FROM auth_operations WHERE account_id = ?1";
        assert_eq!(shop.number(noted, person.id()), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn suspend() {
    every_point::<Suspend>().await;
}

/// A letter for a new password is asked for.
struct AskForReset;

impl Operation for AskForReset {
    type Scene = (String, Request);
    const NAME: &'static str = "asking for a new password";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (email, _) = newcomer(shop).await;
        let forget = "DELETE FROM auth_limits WHERE name LIKE 'reset%'";
        shop.app.database().execute(forget).unwrap();
        let request = post("/api/users/reset", json!({ "email": email }));
        (email, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, request): &Self::Scene) {
        shop.app.client().send(request).await.expect(202);
        let letter = shop.app.letter("reset", email).await;
        letter.shows(200, json!({ "email": email }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ask_for_reset() {
    every_point::<AskForReset>().await;
}

/// Somebody goes on with an address alone.
struct EnterAsGuest;

impl Operation for EnterAsGuest {
    type Scene = (String, Request);
    const NAME: &'static str = "entering as a guest";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let email = format!("{}@example.com", shop.word());
        let request = shop.repeatable(post("/api/users/guest", json!({ "email": email })));
        (email, request)
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, request): &Self::Scene) {
        let answer = shop.app.client().send(request).await;
        let guest = shop.app.client().signed_in_by(answer, 201);
        assert_eq!(guest.account["email"], json!(email));
        guest.get("/api/orders").await.expect(200);
        let accounts = shop.number("SELECT COUNT(*) FROM auth_users WHERE email = ?1", email);
        assert_eq!(accounts, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_as_guest() {
    every_point::<EnterAsGuest>().await;
}

/// The link of a letter signs in, once, and takes an unverified account from who made it.
struct EnterByLink;

impl Operation for EnterByLink {
    type Scene = (Person, Request);
    const NAME: &'static str = "signing in by a link";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (email, person) = newcomer(shop).await;
        // As many as there are points ask in what may be one hour.
        let forget = "DELETE FROM auth_limits WHERE name LIKE 'sign_in_link%'";
        shop.app.database().execute(forget).unwrap();
        person.post("/api/users/signInLink", json!({ "email": email })).await.expect(202);
        let token = shop.app.token("sign_in", &email).await;
        shop.settled().await;
        let body = json!({ "token": token });
        (person, shop.repeatable(post("/api/users/signInLink/confirm", body)))
    }

    async fn act(shop: &Shop, (_, request): &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, (before, request): &Self::Scene) {
        let answer = shop.app.client().send(request).await;
        let due = json!({ "emailVerified": true, "hasPassword": false });
        let here = shop.app.client().signed_in_by(answer.shows(200, due), 200);
        here.get("/api/orders").await.expect(200);
        let nobody = json!({ "currentUser": null });
        before.get("/api/users/currentUser").await.shows(200, nobody);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_by_link() {
    every_point::<EnterByLink>().await;
}

/// Somebody whose address is proven has asked for another one; the letter's code.
async fn wants_another_address(shop: &Shop) -> (String, Person, String) {
    let (email, person) = newcomer(shop).await;
    let token = shop.app.token("verify", &email).await;
    let path = "/api/users/verification/confirm";
    person.post(path, json!({ "token": token })).await.expect(200);
    let other = format!("{}@example.org", shop.word());
    let body = json!({ "email": other, "password": PASSWORD });
    person.post("/api/users/email", body).await.expect(202);
    let token = shop.app.token("address", &other).await;
    shop.settled().await;
    (email, person, token)
}

/// The link of a letter gives an account another address.
struct ChangeAddress;

impl Operation for ChangeAddress {
    type Scene = (String, Person, Request);
    const NAME: &'static str = "changing an address";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (email, person, token) = wants_another_address(shop).await;
        let confirm = post("/api/users/email/confirm", json!({ "token": token }));
        (email, person, shop.repeatable(confirm))
    }

    async fn act(_: &Shop, (_, person, request): &Self::Scene) {
        person.exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, person, request): &Self::Scene) {
        let account = person.send(request).await.shows(200, json!({ "emailVerified": true }));
        assert_ne!(account.body["email"], json!(email));
        let sql = "SELECT COUNT(*) FROM auth_address_changes WHERE old_email = ?1";
        assert_eq!(shop.number(sql, email), 1, "one way back");
        shop.app.farewell(email).await.shows(200, json!({ "email": email }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_address() {
    every_point::<ChangeAddress>().await;
}

/// The letter to the old address gives it back.
struct UndoAddress;

impl Operation for UndoAddress {
    type Scene = (String, Person, Request);
    const NAME: &'static str = "taking an address back";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (email, person, token) = wants_another_address(shop).await;
        person.post("/api/users/email/confirm", json!({ "token": token })).await.expect(200);
        let told = shop.app.farewell(&email).await.expect(200);
        shop.settled().await;
        let undo = post("/api/users/email/undo", json!({ "token": told["proof"]["token"] }));
        (email, person, shop.repeatable(undo))
    }

    async fn act(shop: &Shop, (_, _, request): &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, before, request): &Self::Scene) {
        shop.app.client().send(request).await.expect(204);
        let nobody = json!({ "currentUser": null });
        before.get("/api/users/currentUser").await.shows(200, nobody);
        let sql = "SELECT COUNT(*) FROM auth_users WHERE email = ?1 AND password_hash = ''";
        assert_eq!(shop.number(sql, email), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_address() {
    every_point::<UndoAddress>().await;
}

/// An authenticator app that is confirmed: it counts with its recovery codes and its letter, or not at all.
struct SetUpApp;

impl Operation for SetUpApp {
    type Scene = (Person, Request);
    const NAME: &'static str = "setting up an authenticator app";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (_, person) = newcomer(shop).await;
        let begun = person.post("/api/users/factors/totp", json!({})).await.expect(200);
        let code = CodeApp::of(&begun).code(&shop.app, 0);
        (person, post("/api/users/factors/totp/confirm", json!({ "code": code })))
    }

    async fn act(_: &Shop, (person, request): &Self::Scene) {
        person.exchange(request).await;
    }

    async fn verify(shop: &Shop, (person, _): &Self::Scene) {
        let count = |sql: &str| shop.number(sql, person.id());
        let apps = count(
            "SELECT COUNT(*) FROM auth_totp WHERE account_id = ?1 AND confirmed_at IS NOT NULL",
        );
        let codes = count("SELECT COUNT(*) FROM auth_recovery_codes WHERE account_id = ?1");
        let letters = count("SELECT COUNT(*) FROM auth_notices WHERE account_id = ?1");
        assert_eq!((codes, letters), (10 * apps, apps));
        person.get("/api/users/factors").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn set_up_an_app() {
    every_point::<SetUpApp>().await;
}

/// The second step of a sign-in, by a code of an authenticator app: it works once. Where it has worked and
/// nobody got the answer, one begins again, and a recovery code does.
struct SecondStep;

impl Operation for SecondStep {
    type Scene = (String, Person, Request, String);
    const NAME: &'static str = "the second step of a sign-in";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (email, person) = newcomer(shop).await;
        let (person, app, codes) = shop.app.protect(person).await;
        let token = first_step(shop, &email).await;
        shop.settled().await;
        // The code of this moment has set the app up.
        let code = app.code(&shop.app, 30);
        let request = post(SECOND_STEP, json!({ "token": token, "code": code }));
        (email, person, request, codes[0].clone())
    }

    async fn act(shop: &Shop, (_, _, request, _): &Self::Scene) {
        shop.app.client().exchange(request).await;
    }

    async fn verify(shop: &Shop, (email, person, request, recovery): &Self::Scene) {
        let used = "SELECT COUNT(*) FROM auth_recovery_codes \
                    WHERE account_id = ?1 AND used_at IS NOT NULL";
        assert_eq!(shop.number(used, person.id()), 0, "a code of the app uses none of these up");
        let answer = shop.app.client().send(request).await;
        if answer.status == 200 {
            shop.app.client().signed_in_by(answer, 200).get("/api/orders").await.expect(200);
        } else {
            answer.refuses(400, "wrong_factor");
        }
        shop.app.client().send(request).await.refuses(400, "wrong_factor");
        let token = first_step(shop, email).await;
        let by_recovery = json!({ "token": token, "recoveryCode": recovery });
        let answer = shop.app.client().post(SECOND_STEP, by_recovery).await;
        shop.app.client().signed_in_by(answer, 200).get("/api/orders").await.expect(200);
        assert_eq!(shop.number(used, person.id()), 1);
        person.get("/api/orders").await.expect(200);
    }
}

const SECOND_STEP: &str = "/api/users/signIn/factor";

/// Signs in by the password, and returns the token that the second step needs.
async fn first_step(shop: &Shop, email: &str) -> String {
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = shop.app.client().post("/api/users/signIn", body).await;
    assert_eq!(answer.body["code"], "second_factor", "{answer}");
    answer.body["secondFactor"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_step_of_a_sign_in() {
    every_point::<SecondStep>().await;
}
