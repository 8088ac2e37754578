//! What operators see of it.

use boxoffice_tests::{App, Surroundings};
use serde_json::json;

/// A shop with these variables.
async fn shop(variables: &[(&str, &str)]) -> App {
    let mut around = Surroundings::prepare().await;
    for (name, value) in variables {
        around.variables.insert((*name).to_owned(), (*value).to_owned());
    }
    App::start_in(around).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_variable_is_told_with_its_remedy_and_the_shop_sells() {
    let from = ("mail_from", "tickets@example.com");
    for (variables, says) in [
        (&[("smtp_url", "mail.example.com"), from][..], "smtp_url is wrong"),
        (&[("smtp_url", "smtp://u:geheim@mail.example.com"), from], "?address="),
        (&[("smtp_url", "smtp://127.0.0.1:1")], "mail_from is empty"),
        (
            &[("smtp_url", "smtps://127.0.0.1:1"), from, ("smtp_ca", "nothing")],
            "smtp_ca holds no certificate",
        ),
    ] {
        let app = shop(variables).await;
        let health = app.client().get("/api/mail/readyz").await;
        let health = health.shows(200, json!({ "status": "degraded" })).body;
        let detail = health["checks"]["smtp"]["detail"].as_str().unwrap();
        assert!(detail.contains(says) && !detail.contains("geheim"), "{detail}");
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        let ticket = seller.list(json!({ "title": "Opera" })).await.expect(201);
        buyer.buy(&ticket, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_letters_wait() {
    let app = shop(&[]).await;
    let health = app.client().get("/api/mail/readyz").await.expect(200);
    assert_eq!(health["checks"]["smtp"]["detail"], "no smtp_url: nothing is mailed");
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller.list(json!({ "title": "Opera" })).await.expect(201);
    buyer.buy(&ticket, 1).await;
    app.tick().await;
    let sql = "SELECT kind FROM mail_letters WHERE status = 'waiting' AND attempts = 0 \
               AND kind IN ('order_confirmed', 'ticket_sold')";
    assert_eq!(app.database().rows(sql, []).unwrap().len(), 2);
    let health = app.client().get("/api/mail/readyz").await.expect(200);
    assert!(health["checks"]["letters"]["detail"].as_str().unwrap().contains("wait"), "{health:#}");
}
