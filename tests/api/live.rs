//! `GET /live`: what can be asked for. What is heard then is the saga's business.

use boxoffice_tests::{App, Request, get, post};
use serde_json::json;

const SOME: &str = "01a20897-cf55-75ae-9285-0ea0cec96ebb";

/// Asks for the news of these listings.
fn live(tickets: impl IntoIterator<Item = String>) -> Request {
    let query: Vec<_> = tickets.into_iter().map(|ticket| format!("ticket={ticket}")).collect();
    get(format!("/live?{}", query.join("&")))
}

#[tokio::test]
async fn what_cannot_be_listened_to_is_refused() {
    let app = App::start().await;
    let many = (0..101).map(|n| uuid::Uuid::from_u128(n).to_string());
    let wrong = [
        (live([]), "ticket", "Name a listing"),
        (get("/live"), "ticket", "Name a listing"),
        (live(["".to_owned()]), "ticket", "\"\" is not the id of a listing"),
        (live([SOME.to_owned(), "5".to_owned()]), "ticket", "\"5\" is not the id of a listing"),
        (live(many), "ticket", "101 listings are too many: name at most 100"),
        (get(format!("/live?id={SOME}")), "id", "does not exist; use `ticket`"),
    ];
    for (request, field, message) in wrong {
        let answer = app.client().send(&request).await;
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{answer}");
        let told = answer.body["errors"][0]["message"].as_str().unwrap();
        assert!(told.contains(message), "{message}: {answer}");
    }
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let app = App::start().await;
    let answer = app.client().get("/live?ticket=1&ticket=2&city=Gent").await;
    assert_eq!(
        (answer.status, answer.fields()),
        (400, vec!["city", "ticket", "ticket"]),
        "{answer}"
    );
}

#[tokio::test]
async fn it_is_only_read() {
    let app = App::start().await;
    let answer = app.client().send(&post(format!("/live?ticket={SOME}"), json!({}))).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD"), "{answer}");
    let head = Request { method: reqwest::Method::HEAD, ..live([SOME.to_owned()]) };
    let answer = app.client().exchange(&head).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
}

#[tokio::test]
async fn a_listing_that_nobody_knows_is_merely_quiet() {
    let app = App::start_with([("live_seconds", "1")]).await;
    let mut page = app.client().listen(&live([SOME.to_owned()])).await;
    assert_eq!(page.next().await, None);
    assert!(page.comments > 0, "it was told how far the stream is");
}
