//! Accounts and sessions.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Request, post};
use serde_json::json;

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
