//! Paying where the buyer's bank has a question first (3-D Secure), by forms and links alone.

use boxoffice_tests::{App, Person, id};
use serde_json::{Value, json};

use super::browser::{Browser, Form, embedded};

/// A card whose bank asks.
const ASKS: &str = "pm_card_threeDSecure2Required";
const QUESTION: &str = "Your bank asks you to confirm this payment";

/// Somebody about to pay, and the path of their order.
async fn at_checkout(app: &App, wish: Value) -> (Browser, String) {
    let ticket = app.sign_up().await.list(wish).await.expect(201);
    let buyer = Browser::signed_up(app, "asked@example.com").await;
    let path = format!("/tickets/{}", id(&ticket));
    let held = buyer.send(&buyer.form(&path, &format!("{path}/hold")).await).await;
    let order = held.header("location").trim_end_matches("/checkout").to_owned();
    (buyer, order)
}

/// Pays `order` with `card`; where that leads.
async fn pays(buyer: &Browser, order: &str, card: &str) -> String {
    let form = buyer.form(&format!("{order}/checkout"), &format!("{order}/pay")).await;
    let paid = buyer.send(&form.with("token", card)).await;
    assert_eq!(paid.status, 303, "{paid}");
    paid.header("location").to_owned()
}

/// Goes to the bank and answers its question; where the bank sends the buyer then, in the shop.
async fn answers(app: &App, buyer: &Browser, order: &str, outcome: &str) -> String {
    let away = buyer.open(&format!("{order}/bank")).await;
    let page = away.header("location");
    assert!(page.starts_with(&app.sandbox_url()), "{away}");
    let bank = Person::new(page[7..].split('/').next().unwrap().parse().unwrap());
    let path = &page[app.sandbox_url().len()..];
    let answer = Form::empty().with("outcome", outcome).sent_to(path);
    let left = bank.exchange(&answer.request()).await;
    let (_, back) = left.header("location").split_once(":3000").unwrap_or_else(|| panic!("{left}"));
    assert!(back.starts_with(&format!("{order}/return?")), "{left}");
    back.to_owned()
}

fn standing(page: &boxoffice_tests::Answer, kind: &str) -> Value {
    embedded(page)["page"][kind]["order"]["standing"].clone()
}

#[tokio::test]
async fn who_answers_their_bank_buys() {
    let app = App::start().await;
    let (buyer, order) = at_checkout(&app, json!({ "title": "Kites" })).await;
    let checkout = format!("{order}/checkout");
    assert_eq!(pays(&buyer, &order, ASKS).await, checkout);
    let page = buyer.page(&checkout).await;
    assert!(page.text.contains(QUESTION), "{page}");
    assert!(page.text.contains(&format!("href=\"{order}/bank\"")), "{page}");
    assert_eq!(standing(&page, "checkout"), "asked");
    let shown = buyer.page(&order).await;
    assert!(shown.text.contains(QUESTION) && shown.text.contains(&checkout), "{shown}");
    let list = buyer.page("/orders").await;
    assert!(list.text.contains("Awaiting payment") && list.text.contains("Resume"), "{list}");

    let back = answers(&app, &buyer, &order, "complete").await;
    let stranger = Browser::at(&app).open(&back).await;
    let next = format!("/sign-in?next={}%2Freturn", order.replace('/', "%2F"));
    assert_eq!(stranger.header("location"), next, "without what the bank has added");
    // Once more is as good as once: people reload.
    for _ in 0..2 {
        let after = buyer.open(&back).await;
        let settled = buyer.open(after.header("location")).await;
        assert_eq!(settled.header("location"), order, "{settled}");
    }
    let bought = buyer.page(&order).await;
    assert_eq!(standing(&bought, "order"), "paid", "{bought}");
    let bank = buyer.open(&format!("{order}/bank")).await;
    assert!(bank.header("location").starts_with('/'), "there is no question any more: {bank}");
    assert_eq!(app.sandbox_intents().await.len(), 1);
    app.audit().await;
}

/// Whether the provider's event comes before the buyer does, or never.
#[tokio::test]
async fn who_fails_at_their_bank_is_told_and_may_try_again() {
    for told in [true, false] {
        let app = App::start().await;
        if told {
            app.hear_webhooks();
        }
        let (buyer, order) = at_checkout(&app, json!({})).await;
        pays(&buyer, &order, ASKS).await;
        let back = answers(&app, &buyer, &order, "fail").await;
        for _ in 0..2 {
            let page = buyer.follow(&buyer.open(&back).await).await;
            let state = embedded(&page);
            let message = state["page"]["checkout"]["pay"]["errors"][0]["message"].to_string();
            assert!(message.contains("Your hold stays"), "{message}");
            assert!(
                page.text.contains("role=\"alert\"") && !page.text.contains(QUESTION),
                "{page}"
            );
            assert_eq!(standing(&page, "checkout"), "unpaid");
        }
        assert_eq!(pays(&buyer, &order, "pm_card_visa").await, order);
        assert_eq!(standing(&buyer.page(&order).await, "order"), "paid");
        app.audit().await;
    }
}

#[tokio::test]
async fn another_card_may_be_used_instead() {
    let app = App::start().await;
    let (buyer, order) = at_checkout(&app, json!({})).await;
    pays(&buyer, &order, ASKS).await;
    let away = buyer.open(&format!("{order}/bank")).await;
    assert_eq!(pays(&buyer, &order, "pm_card_visa").await, order);
    assert_eq!(standing(&buyer.page(&order).await, "order"), "paid");
    let late = buyer.open(&format!("{order}/return?redirect_status=succeeded")).await;
    assert_eq!(buyer.open(late.header("location")).await.header("location"), order, "{away}");
    let mut statuses: Vec<Value> =
        app.sandbox_intents().await.iter().map(|intent| intent["status"].clone()).collect();
    statuses.sort_by_key(Value::to_string);
    assert_eq!(statuses, ["canceled", "succeeded"]);
    app.audit().await;
}

#[tokio::test]
async fn nobody_else_gets_to_the_bank() {
    let app = App::start().await;
    let (buyer, order) = at_checkout(&app, json!({})).await;
    pays(&buyer, &order, ASKS).await;
    let other = Browser::signed_up(&app, "other@example.com").await;
    for page in ["bank", "return"] {
        let nobody = Browser::at(&app).open(&format!("{order}/{page}")).await;
        assert!(nobody.header("location").starts_with("/sign-in?next="), "{nobody}");
        let mut answer = other.open(&format!("{order}/{page}")).await;
        while answer.status == 303 {
            assert!(answer.header("location").starts_with('/'), "{answer}");
            answer = other.open(answer.header("location")).await;
        }
        assert_eq!(answer.status, 403, "{answer}");
    }
}

#[tokio::test]
async fn a_bank_that_takes_its_time_is_waited_for() {
    let app = App::start().await;
    let (buyer, order) = at_checkout(&app, json!({ "price": 4500, "currency": "USD" })).await;
    assert_eq!(pays(&buyer, &order, "pm_usBankAccount_success").await, order);
    let page = buyer.page(&order).await;
    assert_eq!(standing(&page, "order"), "processing", "{page}");
    assert!(page.text.contains("Your payment is being checked by your bank"), "{page}");
    assert!(page.text.contains("http-equiv=\"refresh\""), "it asks anew without scripts: {page}");
    assert_eq!(buyer.open(&format!("{order}/checkout")).await.header("location"), order);
    let list = buyer.page("/orders").await;
    assert!(list.text.contains("Checking payment"), "{list}");
}
