//! What strangers may tell `mail`: links that are made up, letters that came back, and kinds of letters.

use boxoffice_tests::{App, Person, Request, get, post, put};
use reqwest::Method;
use serde_json::json;

use crate::bodies::is_brief;

const PREFERENCES: &str = "/api/mail/preferences";
const UNSUBSCRIBE: &str = "/api/mail/unsubscribe";
const BOUNCES: &str = "/api/mail/bounces";
const PREVIEW: &str = "/api/mail/preview";
const SECRET: &str = "known to the operator";
/// More than any body may have, in bytes.
const TOO_LONG: usize = 65 * 1024;
const NOBODYS: &str = "01980f3c-0000-7000-8000-000000000000";

async fn shop() -> App {
    App::start_with([("mail_webhook_secret", SECRET), ("mail_preview", "true")]).await
}

/// Checks that `person` gets all letters.
async fn gets_all(person: &Person) {
    let all = json!({ "sales": true, "reminders": true });
    assert_eq!(person.get(PREFERENCES).await.expect(200), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_bodies_are_refused_briefly() {
    let app = shop().await;
    let ada = app.sign_up().await;
    let long = "a".repeat(TOO_LONG);
    let told = json!({ "letterId": NOBODYS, "kind": "bounce", "reason": long });
    let typed = |path: &str, kind: &str| {
        Request::new(Method::POST, path).header("content-type", kind).body(long.clone())
    };
    for request in [
        app.bounce(&told, SECRET),
        typed(BOUNCES, "application/json"),
        typed(&format!("{UNSUBSCRIBE}?token=x"), "application/x-www-form-urlencoded"),
        put(PREFERENCES, json!({ "sales": long })),
    ] {
        let answer = ada.send(&request).await;
        assert_eq!(answer.status, 413, "{answer}");
        is_brief(&answer);
    }
    gets_all(&ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_has_few_signatures_and_none_is_guessed() {
    let app = shop().await;
    let bounce = app.bounce(&json!({ "letterId": NOBODYS, "kind": "bounce" }), SECRET);
    let signed = bounce.headers["boxoffice-signature"].to_str().unwrap().to_owned();
    let (time, code) = signed.split_once(",v1=").unwrap();
    let many = format!("{time},{}", ["v1=00"; 1_400].join(","));
    let other = |byte: &str| format!("{time},v1={byte}{}", &code[2..]);
    let mut headers = vec![many, String::new(), "t=,v1=".to_owned(), time.to_owned()];
    headers.extend(
        (0..=255).step_by(8).map(|byte| other(&format!("{byte:02x}"))).filter(|it| *it != signed),
    );
    let nobody = app.client();
    for header in headers {
        let answer = nobody.send(&bounce.clone().header("boxoffice-signature", header)).await;
        is_brief(&answer);
        answer.refuses(400, "bad_signature");
    }
    // The right one is heard twice, and does no more.
    for _ in 0..2 {
        nobody.send(&bounce).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_an_account_cannot_unsubscribe_it() {
    let app = shop().await;
    let ada = app.sign_up().await;
    let code = "A".repeat(43);
    let token = |key: &str, code: &str| format!("{}.sales.{key}.{code}", ada.id());
    let mut tokens = vec![
        token("first", ""),
        token("", &code),
        token("../first", &code),
        token("first", &"A".repeat(4_000)),
        format!("{}.sales", ada.id()),
        ".".repeat(500),
    ];
    tokens
        .extend((b'A'..=b'Z').map(|byte| token("first", &char::from(byte).to_string().repeat(43))));
    for token in tokens {
        let path = format!("{UNSUBSCRIBE}?token={token}");
        for request in [get(&path), post(&path, json!({}))] {
            let answer = app.client().send(&request).await;
            is_brief(&answer);
            answer.refuses(400, "token_invalid");
        }
    }
    gets_all(&ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_says_nothing_that_a_stranger_wrote() {
    let app = shop().await;
    let script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for (path, status) in [
        (format!("{PREVIEW}/{script}"), 404),
        (format!("{PREVIEW}/{}", "a".repeat(4_000)), 404),
        (format!("{PREVIEW}/ticket_sold?format={script}"), 400),
        (format!("{PREVIEW}/ticket_sold?format=html&format=text"), 400),
        (format!("{PREVIEW}/ticket_sold?{script}=1"), 400),
    ] {
        let answer = app.client().get(&path).await;
        assert_eq!(answer.status, status, "{answer}");
        is_brief(&answer);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{answer}");
    }
}
