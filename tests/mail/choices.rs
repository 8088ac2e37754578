//! Which letters people get: links to unsubscribe, letters that came back, and reminders.

use boxoffice_mailbox::Message;
use boxoffice_tests::{Request, eventually, get, id};
use http::Method;
use serde_json::{Value, json};

use crate::post::{ENDING, ORDER, Post, SOLD, address};

const SECRET: &str = "known to the operator";
const PREFERENCES: &str = "/api/mail/preferences";

async fn open() -> Post {
    Post::open_with([("mail_webhook_secret", SECRET)]).await
}

/// The path that the letter's `List-Unsubscribe` leads to.
fn way_out(letter: &Message) -> String {
    let header = letter.header("List-Unsubscribe").unwrap();
    let url = header.trim_start_matches('<').trim_end_matches('>');
    let (_, path) = url.split_once("/api/").unwrap_or_else(|| panic!("{header}"));
    format!("/api/{path}")
}

/// How many letters of `kind` were dropped.
fn dropped(post: &Post, kind: &str) -> usize {
    post.kept().iter().filter(|kept| (&*kept.0, &*kept.1) == (kind, "dropped")).count()
}

/// What the operator's program tells of `letter`.
async fn tell(post: &Post, letter: &Message, what: Value) {
    let mut body = json!({ "messageId": letter.message_id });
    body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    post.app.client().send(&post.app.bounce(&body, SECRET)).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_press_of_a_button_ends_letters_of_a_kind() {
    let post = open().await;
    post.sell("Opera").await;
    let sold = post.receives(&post.seller, SOLD, 1).await.remove(0);
    let confirmed = post.receives(&post.buyer, ORDER, 1).await.remove(0);
    assert_eq!(confirmed.header("List-Unsubscribe"), None, "nobody does without this letter");
    assert_eq!(sold.header("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
    let path = way_out(&sold);
    assert!(!path.contains(address(&post.seller)) && !path.contains('@'), "{path}");
    // A look unsubscribes nobody.
    let look = post.app.client().send(&get(&path)).await;
    let page = look.header("location").to_owned();
    assert!(page.starts_with("/mail/unsubscribe?token="), "{look}");
    look.expect(303);
    assert_eq!(post.seller.get(PREFERENCES).await.expect(200)["sales"], true);
    // As mail programs press it (RFC 8058).
    let press = Request::new(Method::POST, &path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click");
    for _ in 0..2 {
        post.app.client().send(&press).await.expect(204);
    }
    let chosen = json!({ "sales": false, "reminders": true });
    assert_eq!(post.seller.get(PREFERENCES).await.expect(200), chosen);
    post.sell("Operetta").await;
    post.receives(&post.buyer, ORDER, 2).await;
    post.settled(&["sent", "dropped"]).await;
    assert_eq!((post.letters(&post.seller, SOLD).len(), dropped(&post, "ticket_sold")), (1, 1));
    // The token of another kind of letters is another.
    let other = path.replace(".sales.", ".reminders.");
    post.app.client().send(&boxoffice_tests::post(&other, json!({}))).await.expect(400);
    post.seller.put(PREFERENCES, json!({ "sales": true })).await.expect(204);
    post.sell("Ballet").await;
    post.receives(&post.seller, SOLD, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_come_back_are_followed_by_few() {
    let post = open().await;
    post.sell("Opera").await;
    let sold = post.receives(&post.seller, SOLD, 1).await.remove(0);
    // One that is late has not come back.
    tell(&post, &sold, json!({ "kind": "bounce", "permanent": false })).await;
    assert!(post.seller.get(PREFERENCES).await.expect(200).get("trouble").is_none());
    let reason = format!("550 5.1.1 <{}>: unknown", address(&post.seller));
    tell(&post, &sold, json!({ "kind": "bounce", "permanent": true, "reason": reason })).await;
    let seen = post.seller.get(PREFERENCES).await.expect(200);
    assert_eq!((&seen["trouble"], &seen["sales"]), (&json!("bounce"), &json!(true)));
    post.sell("Operetta").await;
    post.settled(&["sent", "dropped"]).await;
    assert_eq!((post.letters(&post.seller, SOLD).len(), dropped(&post, "ticket_sold")), (1, 1));
    // What somebody needs still goes out.
    assert_eq!(post.letters(&post.buyer, ORDER).len(), 2);
    let stored = post.app.database().rows("SELECT reason, address_hash FROM mail_suppressed", []);
    let stored = stored.unwrap();
    let text = |column: usize| -> String { stored[0].get(column).unwrap() };
    assert_eq!((stored.len(), text(0).contains('@'), text(1).contains('@')), (1, false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_complains_gets_what_they_need() {
    let post = open().await;
    post.sell("Opera").await;
    let sold = post.receives(&post.seller, SOLD, 1).await.remove(0);
    tell(&post, &sold, json!({ "kind": "complaint" })).await;
    let seen = json!({ "sales": false, "reminders": false, "trouble": "complaint" });
    assert_eq!(post.seller.get(PREFERENCES).await.expect(200), seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_asks_is_reminded_once() {
    let post = open().await;
    let ticket = post.list("Opera").await;
    let held = async |wants: bool| {
        let order = post.buyer.hold(&ticket).await.expect(201);
        if wants {
            let path = format!("/api/orders/{}/reminder", id(&order));
            post.buyer.send(&boxoffice_tests::post(path, json!({}))).await.expect(200);
        }
        order
    };
    let (wanted, paid) = (held(true).await, held(true).await);
    held(false).await;
    post.buyer.pay(&paid, "pm_card_visa").await.expect(201);
    post.receives(&post.buyer, ORDER, 1).await;
    assert!(post.letters(&post.buyer, ENDING).is_empty(), "it is too early");
    post.app.advance(11 * 60);
    let letters = post.receives(&post.buyer, ENDING, 1).await;
    assert!(letters[0].text.contains(&format!("/orders/{}/checkout", id(&wanted))), "{letters:?}");
    assert!(way_out(&letters[0]).contains(".reminders."), "{letters:?}");
    post.settled(&["sent", "dropped"]).await;
    assert_eq!(post.letters(&post.buyer, ENDING).len(), 1);
    assert_eq!(dropped(&post, "hold_ending"), 1, "the one that was paid for in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_was_extended_is_reminded_of_before_its_new_end() {
    let post = open().await;
    let ticket = post.list("Opera").await;
    let order = post.buyer.hold(&ticket).await.expect(201);
    let path = format!("/api/orders/{}/reminder", id(&order));
    post.buyer.send(&boxoffice_tests::post(path, json!({}))).await.expect(200);
    let stored = async || post.kept();
    let is_stored =
        |kept: &Vec<(String, String)>| kept.iter().any(|(kind, _)| kind == "hold_ending");
    eventually("the reminder is stored", stored, is_stored).await;
    // Five minutes before its end, the hold gets ten: the buyer's bank asks.
    post.app.advance(10 * 60);
    post.buyer.pay(&order, "pm_card_threeDSecure2Required").await.expect(202);
    // The letter was due two minutes ago by the old end. It waits for three minutes before the new one.
    post.app.advance(4 * 60);
    let moved = async || {
        post.app.host().fire_cron().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let sql = "SELECT COUNT(*) FROM mail_letters WHERE kind = 'hold_ending' \
                   AND status = 'waiting' AND next_at >= created_at + 16 * 60000";
        post.app.database().query_row(sql, [], |row| row.get::<i64>(0)).unwrap()
    };
    eventually("the reminder is put off", moved, |count| *count == 1).await;
    assert!(post.letters(&post.buyer, ENDING).is_empty(), "it is too early");
    post.app.advance(3 * 60);
    let letters = post.receives(&post.buyer, ENDING, 1).await;
    assert!(letters[0].text.contains(&format!("/orders/{}/checkout", id(&order))), "{letters:?}");
}
