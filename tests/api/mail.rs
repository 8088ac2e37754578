//! `/api/mail/…`: which letters one gets, letters that came back, and samples for developers.
//!
//! What a link in a letter does is in the suite `mail`, which reads letters.

use boxoffice_tests::{App, Request, check, delete, get, id, post, put, row};
use serde_json::{Value, json};

const PREFERENCES: &str = "/api/mail/preferences";
const UNSUBSCRIBE: &str = "/api/mail/unsubscribe";
const PREVIEW: &str = "/api/mail/preview";
const SECRET: (&str, &str) = ("mail_webhook_secret", "of old, of now");
const NOBODYS: &str = "01980f3c-0000-7000-8000-000000000000";

#[tokio::test]
async fn one_chooses_which_letters_one_gets() {
    let app = App::start().await;
    let (ada, bob) = tokio::join!(app.sign_up(), app.sign_up());
    let all = json!({ "sales": true, "reminders": true });
    assert_eq!(ada.get(PREFERENCES).await.expect(200), all);
    let wish = json!({ "sales": false });
    let keyed = put(PREFERENCES, wish.clone()).header("idempotency-key", "mail-1");
    assert!(!ada.send(&keyed).await.is_replay());
    ada.send(&put(PREFERENCES, json!({ "reminders": false }))).await.expect(204);
    let none = json!({ "sales": false, "reminders": false });
    assert_eq!(ada.get(PREFERENCES).await.expect(200), none);
    ada.put(PREFERENCES, json!({ "sales": true })).await.expect(204);
    assert!(ada.send(&keyed).await.is_replay(), "a repeat does nothing");
    let some = json!({ "sales": true, "reminders": false });
    assert_eq!(ada.get(PREFERENCES).await.expect(200), some);
    assert_eq!(bob.get(PREFERENCES).await.expect(200), all, "everybody has a choice of their own");
    ada.put(PREFERENCES, json!({})).await.expect(204);
    let reused = put(PREFERENCES, json!({ "sales": true })).header("idempotency-key", "mail-1");
    ada.send(&reused).await.refuses(409, "idempotency_key_reused");
    let rows = [
        row("no truth", put(PREFERENCES, json!({ "sales": "no" })), 400).fields(["sales"]),
        row("no such letters", put(PREFERENCES, json!({ "all": false })), 400).fields(["all"]),
        row("no form", put(PREFERENCES, json!([])), 400),
        row("another method", delete(PREFERENCES), 405),
    ];
    check(&ada, rows).await;
    app.client().get(PREFERENCES).await.expect(401);
    app.client().put(PREFERENCES, wish).await.expect(401);
}

#[tokio::test]
async fn only_a_link_of_ours_unsubscribes() {
    let app = App::start().await;
    let made_up = format!("{NOBODYS}.sales.first.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let long = "a".repeat(300);
    for token in [made_up.as_str(), "x", &long] {
        let path = format!("{UNSUBSCRIBE}?token={token}");
        for request in [get(&path), post(&path, json!({}))] {
            let answer = app.client().send(&request).await;
            assert_eq!(answer.fields(), ["token"], "{answer}");
            answer.refuses(400, "token_invalid");
        }
    }
    for path in [UNSUBSCRIBE.to_owned(), format!("{UNSUBSCRIBE}?token=a&other=b")] {
        app.client().send(&post(path, json!({}))).await.expect(400);
    }
}

#[tokio::test]
async fn only_what_is_signed_is_heard() {
    let app = App::start_with([SECRET]).await;
    let bounce = json!({ "letterId": NOBODYS, "kind": "bounce", "permanent": true });
    for secret in SECRET.1.split(", ") {
        app.client().send(&app.bounce(&bounce, secret)).await.expect(204);
    }
    let good = app.bounce(&bounce, "of now");
    let mut unsigned = good.clone();
    unsigned.headers.remove("boxoffice-signature");
    let refused = |name: &str, request: Request| row(name, request, 400).code("bad_signature");
    let rows = [
        refused("not signed", unsigned),
        refused("by another secret", app.bounce(&bounce, "of nobody")),
        refused("another body", good.clone().body(bounce.to_string().replace("true", "false"))),
    ];
    check(&app.client(), rows).await;
    app.advance(301);
    app.client().send(&good).await.refuses(400, "bad_signature");
    let with = |body: Value| app.bounce(&body, "of now");
    let name = "<01980f3c-0000-7000-8000-000000000000@shop.example>";
    let rows = [
        row("by its name", with(json!({ "messageId": name, "kind": "complaint" })), 204),
        row("no letter", with(json!({ "kind": "bounce" })), 400).fields(["messageId"]),
        row(
            "both names",
            with(json!({ "messageId": name, "letterId": NOBODYS, "kind": "bounce" })),
            400,
        )
        .fields(["messageId"]),
        row("no name of ours", with(json!({ "messageId": "<a@b>", "kind": "bounce" })), 400)
            .fields(["messageId"]),
        row("no kind", with(json!({ "letterId": NOBODYS })), 400).fields(["kind"]),
        row("another kind", with(json!({ "letterId": NOBODYS, "kind": "other" })), 400)
            .fields(["kind"]),
        row(
            "a long reason",
            with(json!({ "letterId": NOBODYS, "kind": "bounce", "reason": "a".repeat(2_001) })),
            400,
        )
        .fields(["reason"]),
    ];
    check(&app.client(), rows).await;
}

#[tokio::test]
async fn without_a_secret_nobody_tells_of_bounces() {
    let app = App::start().await;
    let bounce = json!({ "letterId": NOBODYS, "kind": "bounce" });
    for secret in ["", "of now"] {
        let answer = app.client().send(&app.bounce(&bounce, secret)).await;
        assert_eq!(answer.header("retry-after"), "3600", "{answer}");
        answer.refuses(503, "webhooks_off");
    }
}

#[tokio::test]
async fn developers_see_samples_of_letters_and_nobody_else_does() {
    let app = App::start().await;
    for path in [PREVIEW.to_owned(), format!("{PREVIEW}/order_confirmed")] {
        app.client().get(&path).await.expect(404);
    }
    let app = App::start_with([("mail_preview", "true")]).await;
    let gallery = app.client().get(PREVIEW).await;
    assert_eq!(gallery.header("content-type"), "text/html; charset=utf-8");
    for kind in ["verify_address", "order_confirmed", "hold_ending", "ticket_transferred"] {
        assert!(gallery.text.contains(&format!("{PREVIEW}/{kind}")), "{gallery}");
    }
    let one =
        async |format: &str| app.client().get(&format!("{PREVIEW}/ticket_sold{format}")).await;
    let html = one("").await;
    assert!(html.text.contains("<!DOCTYPE html>") && html.text.contains("Kites"), "{html}");
    assert!(html.header("content-security-policy").starts_with("default-src 'none'"), "{html}");
    let text = one("?format=text").await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert!(text.text.contains("Kites") && !text.text.contains('<'), "{text}");
    let source = one("?format=source").await;
    assert!(source.text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{source}");
    one("?format=pdf").await.expect(400);
    app.client().get(&format!("{PREVIEW}/spam")).await.expect(404);
}

#[tokio::test]
async fn a_reminder_is_for_a_hold_of_ones_own_with_time_left() {
    let app = App::start().await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller.list(json!({ "quantity": 5 })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    let path = format!("/api/orders/{}/reminder", id(&order));
    assert!(order.get("reminder").is_none(), "nobody has asked");
    app.client().post(&path, json!({})).await.expect(401);
    seller.post(&path, json!({})).await.expect(403);
    let nobodys = format!("/api/orders/{NOBODYS}/reminder");
    buyer.post(&nobodys, json!({})).await.expect(404);
    for _ in 0..2 {
        buyer.post(&path, json!({})).await.shows(200, json!({ "reminder": true, "version": 2 }));
    }
    buyer.sees_order(&order, json!({ "reminder": true, "status": "created" })).await;
    buyer.cancel(&order).await.expect(204);
    buyer.post(&path, json!({})).await.refuses(409, "changed");
    let late = buyer.hold(&ticket).await.expect(201);
    app.advance(15 * 60 - 180);
    let path = format!("/api/orders/{}/reminder", id(&late));
    buyer.post(&path, json!({})).await.refuses(409, "ends_soon");
}
