//! Real servers, with TLS by an authority of one's own.

use boxoffice_tests::mailbox::letters_to;
use boxoffice_tests::{App, Surroundings, eventually};
use serde_json::json;

use crate::post::address;
use crate::servers::{Authority, Server, Tls};

/// A shop that sends by `server`, and believes `authority`.
async fn shop(server: &Server, authority: &str) -> App {
    let mut around = Surroundings::prepare().await;
    for (name, value) in [
        ("smtp_url", server.url()),
        ("smtp_allowed", format!("tcp://*:{}", server.port())),
        ("smtp_ca", authority.to_owned()),
        ("mail_from", "Boxoffice <letters@boxoffice.example>".to_owned()),
    ] {
        around.variables.insert(name.to_owned(), value);
    }
    App::start_in(around).await
}

/// A purchase brings its letter by `server`.
async fn delivers(server: &Server, authority: &Authority) {
    let app = shop(server, &authority.pem).await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller.list(json!({ "title": "Opera" })).await.expect(201);
    buyer.buy(&ticket, 1).await;
    let look = async || letters_to(&server.mailbox, address(&buyer));
    let has_come = |letters: &Vec<_>| !letters.is_empty();
    eventually("the letter comes", look, has_come).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_by_aiosmtpd() {
    let authority = Authority::new();
    for tls in [Tls::StartTls, Tls::Smtps] {
        delivers(&Server::aiosmtpd(&authority, tls).await, &authority).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_go_by_postfix() {
    let authority = Authority::new();
    for tls in [Tls::StartTls, Tls::Smtps] {
        if let Some(server) = Server::postfix(&authority, tls).await {
            delivers(&server, &authority).await;
        }
    }
}

/// Somebody between the shop and its server gets no letter.
#[tokio::test(flavor = "multi_thread")]
async fn no_letter_goes_to_a_server_of_another_authority() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Server::aiosmtpd(&authority, Tls::StartTls).await;
    let app = shop(&server, &other.pem).await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller.list(json!({ "title": "Opera" })).await.expect(201);
    buyer.buy(&ticket, 1).await;
    let look = async || app.client().get("/api/mail/readyz").await.body;
    let health = eventually("the server is found to fail", look, |health| {
        health["checks"]["smtp"]["ok"] == false
    })
    .await;
    assert_eq!(health["status"], "degraded", "{health:#}");
    assert!(letters_to(&server.mailbox, address(&buyer)).is_empty());
}
