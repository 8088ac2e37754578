//! Bodies, queries and signatures that are made to be slow.
//!
//! What they cost must grow as they do, and what they are answered must not.

use boxoffice_tests::{Answer, App, Request, get, post};
use reqwest::Method;
use serde_json::json;

/// The longest answer that a refused request may have, in bytes.
const REFUSAL_BYTES: usize = 4096;
/// The most complaints that an answer holds.
const COMPLAINTS: usize = 10;

/// Names of three letters each, none twice.
fn names() -> impl Iterator<Item = String> {
    let triples = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| (a, b)));
    triples.flat_map(|(a, b)| ('a'..='z').map(move |c| format!("{a}{b}{c}")))
}

/// Sends as many unknown fields as `bytes` hold to a route that needs no session.
async fn unknown_fields(app: &App, bytes: usize) -> Answer {
    let fields: Vec<String> = names().map(|name| format!("\"{name}\":0")).take(bytes / 8).collect();
    let body = format!("{{{}}}", fields.join(","));
    let request = Request::new(Method::POST, "/api/users/signIn");
    app.client().send(&request.header("content-type", "application/json").body(body)).await
}

/// Checks that a refusal is short, and complains of few things.
#[track_caller]
pub(crate) fn is_brief(answer: &Answer) {
    assert!(answer.text.len() < REFUSAL_BYTES, "{} bytes: {}", answer.text.len(), answer.request);
    let complaints = answer.body["errors"].as_array().map_or(0, Vec::len);
    assert!(complaints <= COMPLAINTS, "{complaints} complaints: {}", answer.request);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_are_complained_of_briefly() {
    let app = App::start().await;
    let answer = unknown_fields(&app, 60_000).await;
    assert_eq!(answer.status, 400, "{answer}");
    is_brief(&answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_parameters_are_complained_of_briefly() {
    let app = App::start().await;
    let query: Vec<String> = names().take(2_000).collect();
    for path in ["/api/tickets", "/live"] {
        let answer = app.client().send(&get(format!("{path}?{}", query.join("&")))).await;
        assert_eq!(answer.status, 400, "{answer}");
        is_brief(&answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_has_a_length() {
    let app = App::start().await;
    let query = "a".repeat(9_000);
    for path in ["/api/tickets?q=", "/live?ticket=", "/?q=", "/api/users/currentUser?x="] {
        let answer = app.client().send(&get(format!("{path}{query}"))).await;
        assert_eq!(answer.status, 414, "{answer}");
        is_brief(&answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_has_few_codes() {
    let app = App::start().await;
    let many = format!("t=1,{}", ["v1=00"; 1_400].join(","));
    let webhook = post("/api/payments/webhook", json!({})).header("stripe-signature", many);
    let answer = app.client().send(&webhook).await;
    assert_eq!(answer.status, 400, "{answer}");
    is_brief(&answer);
}
