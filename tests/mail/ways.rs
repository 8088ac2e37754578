//! Letters by which people come in without a password, and those about another address.

use boxoffice_tests::mailbox::{code, link, receives};
use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Person, id};
use serde_json::json;

use crate::post::{ORDER, Post, address};

const ENTER: &str = "/api/users/signInLink/confirm";
const SIGN_IN: &str = "Sign in to your account";
const CHANGED: &str = "Your e-mail address was changed";

/// The token and what comes after it in a link to `/sign-in/link`.
fn parts(link: &str) -> (&str, &str) {
    let rest = link.strip_prefix("/sign-in/link?token=").unwrap();
    rest.split_once('&').unwrap_or((rest, ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_letter_opens_the_order() {
    let post = Post::open().await;
    let ticket = post.list("Opera").await;
    let client = || post.app.client();
    let body = json!({ "email": "guest@example.com" });
    let guest = client().signed_in_by(client().post("/api/users/guest", body).await, 201);
    let order = guest.buy(&ticket, 1).await;
    let letters = post.receives(&guest, ORDER, 1).await;
    let link = link(&letters[0], "/sign-in/link");
    let (token, next) = parts(&link);
    assert_eq!(next, format!("next=%2Forders%2F{}", id(&order)));
    let answer = client().post(ENTER, json!({ "token": token })).await;
    let owner: Person = client().signed_in_by(answer, 200);
    owner.sees_order(&order, json!({ "status": "complete" })).await;
    // Who has a password gets plain links.
    post.sell("Ballet").await;
    let letters = post.receives(&post.buyer, ORDER, 1).await;
    assert!(!letters[0].text.contains("/sign-in/link"), "{}", letters[0].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_signs_in_has_a_link_and_a_code() {
    let post = Post::open().await;
    let email = address(&post.buyer);
    let ask = json!({ "email": email, "next": "/orders?x=1" });
    post.app.client().post("/api/users/signInLink", ask).await.expect(202);
    let letters = post.receives(&post.buyer, SIGN_IN, 1).await;
    let link = link(&letters[0], "/sign-in/link");
    let (token, next) = parts(&link);
    assert_eq!(next, "next=%2Forders%3Fx%3D1");
    let typed = json!({ "email": email, "code": code(&letters[0]) });
    post.buyer.post(ENTER, typed).await.shows(200, json!({ "email": email }));
    // Both are one letter, which works once.
    post.buyer.post(ENTER, json!({ "token": token })).await.refuses(409, "proof_void");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_confirmed_at_the_new_address_and_told_at_the_old_one() {
    let post = Post::open().await;
    let token = post.app.token("verify", address(&post.buyer)).await;
    let verified = json!({ "token": token });
    post.buyer.post("/api/users/verification/confirm", verified).await.expect(200);
    let new = "new@example.org";
    let wanted = json!({ "email": new, "password": PASSWORD });
    post.buyer.post("/api/users/email", wanted).await.expect(202);
    let letter = receives(&post.mailbox, new, 1).await.remove(0);
    assert!(link(&letter, "/account/address").starts_with("/account/address?token="));
    let typed = json!({ "code": code(&letter) });
    post.buyer.post("/api/users/email/confirm", typed).await.shows(200, json!({ "email": new }));
    let told = post.receives(&post.buyer, CHANGED, 1).await.remove(0);
    let undo = link(&told, "/account/undo");
    let token = undo.strip_prefix("/account/undo?token=").unwrap();
    let body = json!({ "token": token });
    post.app.client().post("/api/users/email/undo", body).await.expect(204);
}
