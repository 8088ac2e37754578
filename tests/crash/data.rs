//! One's data in a file, and the end of one's account.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Person, Request, eventually, id, post};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::shop::Shop;

/// After so long another worker takes a file up, in seconds.
const LEASE: u64 = 61;

/// Somebody with an account of their own, and a listing.
async fn seller(shop: &Shop) -> (Person, Value) {
    let email = format!("{}@example.com", shop.word());
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = shop.app.client().post("/api/users/signUp", body).await;
    let person = shop.app.client().signed_in_by(answer, 201);
    let wish = json!({ "title": shop.word(), "quantity": 2, "description": "Call me" });
    let ticket = person.list(wish).await.expect(201);
    shop.settled().await;
    (person, ticket)
}

/// A tick makes the file with everything about an account.
struct MakeFile;

impl Operation for MakeFile {
    type Scene = (Person, Value);
    const NAME: &'static str = "a tick that makes a file of one's data";
    const CONCERNS: &'static [&'static str] = &["auth-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (person, _) = seller(shop).await;
        let export = person.post("/api/users/export", json!({})).await.expect(202);
        shop.settled().await;
        (person, export)
    }

    async fn verify(shop: &Shop, (person, export): &Self::Scene) {
        let look = async || {
            let newest = person.get("/api/users/export").await.expect(200)["export"].clone();
            if newest["status"] != "ready" {
                shop.app.advance(LEASE);
                shop.app.tick().await;
            }
            newest
        };
        eventually("the file is made", look, |newest| newest["status"] == "ready").await;
        let path = format!("/api/users/export/{}", id(export));
        let file = person.get(&path).await.expect(200);
        let parts = file["parts"].as_array().unwrap().iter();
        let services: Vec<&str> = parts.map(|part| part["service"].as_str().unwrap()).collect();
        assert_eq!(services, ["tickets", "orders", "payments", "admissions", "mail", "auth"]);
        let letters = "SELECT COUNT(*) FROM mail_letters WHERE subject = ?1";
        let letters = async || shop.number(letters, id(export));
        eventually("its letter is asked for", letters, |letters| *letters == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn make_file() {
    every_point::<MakeFile>().await;
}

/// The owner deletes the account.
struct Delete;

impl Operation for Delete {
    type Scene = (Person, Value, Request);
    const NAME: &'static str = "deleting an account";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (person, ticket) = seller(shop).await;
        let request = post("/api/users/deletion", json!({ "password": PASSWORD }));
        (person, ticket, shop.repeatable(request))
    }

    async fn act(_: &Shop, (person, _, request): &Self::Scene) {
        person.exchange(request).await;
    }

    async fn verify(shop: &Shop, (person, ticket, request): &Self::Scene) {
        let answer = person.send(request).await;
        assert!(matches!(answer.status, 204 | 401), "{answer}");
        let accounts = shop.number("SELECT COUNT(*) FROM auth_users WHERE id = ?1", person.id());
        assert_eq!(accounts, 0);
        let farewells = "SELECT COUNT(*) FROM auth_farewells WHERE account_id = ?1";
        assert_eq!(shop.number(farewells, person.id()), 1);
        let path = format!("/api/tickets/{}", id(ticket));
        let look = async || {
            // Strangers are not shown what is off sale.
            let status = shop.app.client().get(&path).await.status;
            if status != 404 {
                shop.app.tick().await;
            }
            status
        };
        eventually("the listing is off sale", look, |status| *status == 404).await;
        let written = "SELECT COUNT(*) FROM tickets_tickets \
                       WHERE seller_id = ?1 AND description IS NOT NULL";
        assert_eq!(shop.number(written, person.id()), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn delete() {
    every_point::<Delete>().await;
}
