//! From an account to a ticket of one's own, by forms alone.

use boxoffice_tests::{App, Surroundings, id};
use serde_json::json;

use super::browser::{Browser, Form, embedded};

#[tokio::test]
async fn a_ticket_is_listed_held_paid_for_and_owned_by_forms() {
    let app = App::start().await;
    let seller = Browser::signed_up(&app, "seller@example.com").await;
    let form = seller.form("/tickets/new", "/tickets/new").await;
    let form = form
        .with("title", "Night of Kites")
        .with("price", "45")
        .with("currency", "EUR")
        .with("quantity", "2")
        .with("venue", "Old Mill")
        .with("city", "Basel")
        .with("startsAt", "2030-06-12T20:30")
        .with("timeZone", "Europe/Zurich")
        .with("description", "Row 7");
    let listed = seller.send(&form).await;
    let ticket = listed.header("location").to_owned();
    let page = seller.follow(&listed).await;
    assert!(page.text.contains("Your tickets are on sale."), "{page}");
    assert!(page.text.contains(&format!("href=\"{ticket}/edit\"")), "own listings: {page}");
    let again = seller.page(&ticket).await;
    assert!(!again.text.contains("Your tickets are on sale."), "a notice is said once");
    let repeated = seller.send(&form).await;
    assert_eq!(repeated.header("location"), ticket, "a form sent twice lists once");

    // Who is not signed in is sent to sign in. What they chose is held as soon as they are.
    let buyer = Browser::at(&app);
    let hold = buyer.form(&ticket, &format!("{ticket}/hold")).await.with("quantity", "2");
    let sign_in = buyer.send(&hold).await;
    let next = format!("{}%2Fhold%3Fquantity%3D2%26price%3D4500-EUR", ticket.replace('/', "%2F"));
    let next = format!("next={next}");
    assert_eq!(sign_in.header("location"), format!("/sign-in?{next}"));
    let page = buyer.follow(&sign_in).await;
    assert!(page.text.contains("Sign in to buy 2 × "), "{page}");
    let form = buyer.form(&format!("/sign-up?{next}"), "/sign-up").await;
    let form = form.with("email", "buyer@example.com").with("password", "correct horse battery");
    let held = buyer.send(&form).await;
    let checkout = held.header("location").to_owned();
    assert!(checkout.ends_with("/checkout"), "{held}");
    let page = buyer.follow(&held).await;
    assert!(page.text.contains("Welcome to Boxoffice"), "{page}");
    assert!(page.text.contains("€90.00") && page.text.contains("Visa"), "{page}");
    assert_eq!(page.header("cache-control"), "no-store");
    let state = embedded(&page);
    let expires = state["page"]["checkout"]["order"]["expires_at"].as_i64();
    let expires = expires.or(state["page"]["checkout"]["order"]["expiresAt"].as_i64()).unwrap();
    assert_eq!(expires - state["now"].as_i64().unwrap(), 900_000, "{state:#}");
    let twice = buyer.send(&form).await;
    assert_eq!(twice.header("location"), checkout, "a form sent twice holds once");

    let order = checkout.trim_end_matches("/checkout").to_owned();
    let pay = Form::on(&page, &format!("{order}/pay")).with("token", "pm_card_visa");
    let paid = buyer.send(&pay).await;
    assert_eq!(paid.header("location"), order, "{paid}");
    let page = buyer.follow(&paid).await;
    let state = embedded(&page);
    assert_eq!(state["page"]["order"]["order"]["standing"], "paid", "{state:#}");
    assert!(page.text.contains("Night of Kites") && page.text.contains("€90.00"), "{page}");
    assert_eq!(buyer.open(&checkout).await.header("location"), order, "nothing to pay any more");
    assert_eq!(buyer.send(&pay).await.header("location"), order, "and nothing is paid twice");
    assert_eq!(app.sandbox_intents().await.len(), 1);

    let calendar = buyer.open(&format!("{order}/event.ics")).await;
    assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8", "{calendar}");
    for line in ["DTSTART:20300612T183000Z", "SUMMARY:Night of Kites", "LOCATION:Old Mill\\, Basel"]
    {
        assert!(calendar.text.contains(&format!("{line}\r\n")), "{line}: {calendar}");
    }
    let orders = buyer.page("/orders").await;
    assert!(orders.text.contains("Night of Kites") && orders.text.contains("Paid"), "{orders}");
    let out = buyer.send(&Form::on(&orders, "/sign-out")).await;
    assert_eq!(out.header("location"), "/");
    let page = buyer.follow(&out).await;
    assert!(page.text.contains("You are signed out."), "{page}");
    assert!(!page.text.contains("buyer@example.com"), "{page}");
}

#[tokio::test]
async fn a_script_gets_states_and_addresses() {
    let app = App::start().await;
    let ticket = app.sign_up().await.list(json!({ "price": 4500 })).await.expect(201);
    let buyer = Browser::signed_up(&app, "script@example.com").await;
    let path = format!("/tickets/{}", id(&ticket));
    let state = buyer.state(&path).await;
    assert_eq!(state.header("content-type"), "application/json");
    let key = state.body["show"]["page"]["ticket"]["hold"]["key"].as_str().unwrap().to_owned();
    let hold = buyer.form(&path, &format!("{path}/hold")).await.with("key", &key);
    let held = buyer.send_by_script(&hold).await.expect(200);
    let checkout = held["go"].as_str().unwrap_or_else(|| panic!("{held:#}")).to_owned();
    let order = checkout.trim_end_matches("/checkout");
    let pay = buyer.form(&checkout, &format!("{order}/pay")).await;
    let declined = buyer.send_by_script(&pay.clone().with("token", "pm_card_chargeDeclined")).await;
    assert_eq!(declined.status, 402, "{declined}");
    let form = &declined.body["show"]["page"]["checkout"]["pay"];
    assert_ne!(form["key"], pay.value("key"), "the next attempt is another one");
    assert!(form["errors"][0]["message"].as_str().unwrap().contains("declined"), "{form:#}");
    let pay = pay.with("key", form["key"].as_str().unwrap()).with("token", "pm_card_visa");
    assert_eq!(buyer.send_by_script(&pay).await.expect(200)["go"], order);
}

/// Too many declined cards: the page says what happened, when to try again, and what of the hold.
#[tokio::test]
async fn who_was_declined_too_often_is_told_when_to_try_again() {
    let app = App::start().await;
    let ticket = app.sign_up().await.list(json!({ "quantity": 100 })).await.expect(201);
    let buyer = Browser::signed_up(&app, "declined@example.com").await;
    let path = format!("/tickets/{}", id(&ticket));
    for attempt in 0..=10 {
        let hold = buyer.form(&path, &format!("{path}/hold")).await;
        let checkout = buyer.send(&hold).await.header("location").to_owned();
        let order = checkout.trim_end_matches("/checkout");
        let pay = buyer.form(&checkout, &format!("{order}/pay")).await;
        let answer = buyer.send(&pay.with("token", "pm_card_chargeDeclined")).await;
        let due = if attempt < 10 { 402 } else { 429 };
        assert_eq!(answer.status, due, "{attempt}: {answer}");
        if due == 429 {
            for text in ["Too many of your payments", "Try again in", "Your hold may end"] {
                assert!(answer.text.contains(text), "{text}: {answer}");
            }
        }
        let cancel = Form::on(&answer, &format!("{order}/cancel"));
        assert_eq!(buyer.send(&cancel).await.header("location"), order);
    }
}

#[tokio::test]
async fn each_of_the_sandboxs_cards_does_what_it_says() {
    let app = App::start().await;
    let ticket = app.sign_up().await.list(json!({ "quantity": 100 })).await.expect(201);
    let buyer = Browser::signed_up(&app, "cards@example.com").await;
    let path = format!("/tickets/{}", id(&ticket));
    let hold = async || {
        let held = buyer.send(&buyer.form(&path, &format!("{path}/hold")).await).await;
        held.header("location").to_owned()
    };
    let checkout = hold().await;
    let state = buyer.state(&checkout).await.expect(200);
    let cards = state["show"]["page"]["checkout"]["method"]["sandbox"]["cards"].clone();
    assert!(cards.as_array().unwrap().len() >= 5, "{state:#}");
    for card in cards.as_array().unwrap() {
        let checkout = hold().await;
        let order = checkout.trim_end_matches("/checkout");
        let pay = buyer.form(&checkout, &format!("{order}/pay")).await;
        let answer = buyer.send(&pay.with("token", card["token"].as_str().unwrap())).await;
        let due = if card["effect"].as_str().unwrap().starts_with("pays") { 303 } else { 402 };
        assert_eq!(answer.status, due, "{card}: {answer}");
        if due == 402 {
            let cancel = Form::on(&answer, &format!("{order}/cancel"));
            assert_eq!(buyer.send(&cancel).await.header("location"), order);
        }
    }
}

#[tokio::test]
async fn while_nobody_knows_nothing_is_paid_twice() {
    let mut around = Surroundings::prepare().await;
    around.stop_sandbox().await;
    let mut app = App::start_in(around).await;
    let ticket = app.sign_up().await.list(json!({})).await.expect(201);
    let buyer = Browser::signed_up(&app, "unknown@example.com").await;
    let path = format!("/tickets/{}", id(&ticket));
    let held = buyer.send(&buyer.form(&path, &format!("{path}/hold")).await).await;
    let checkout = held.header("location").to_owned();
    let order = checkout.trim_end_matches("/checkout").to_owned();
    let action = format!("{order}/pay");
    let pay = buyer.form(&checkout, &action).await.with("token", "pm_card_visa");
    let answer = buyer.send(&pay).await;
    assert_eq!(answer.status, 503, "{answer}");
    let state = embedded(&answer);
    let form = &state["page"]["checkout"]["pay"];
    assert_eq!(form["errors"][0]["message"], "We're checking your payment. Don't pay again.");
    assert_eq!(form["key"], pay.value("key"), "the same attempt");
    let shown = embedded(&buyer.page(&order).await);
    assert_eq!(shown["page"]["order"]["order"]["standing"], "paying", "{shown:#}");
    app.start_sandbox().await;
    let paid = buyer.send(&pay).await;
    assert_eq!(paid.header("location"), order, "{paid}");
    assert_eq!(app.sandbox_intents().await.len(), 1);
}

#[tokio::test]
async fn a_hold_that_ended_is_explained() {
    let app = App::start().await;
    let ticket = app.sign_up().await.list(json!({})).await.expect(201);
    let buyer = Browser::signed_up(&app, "late@example.com").await;
    let path = format!("/tickets/{}", id(&ticket));
    let held = buyer.send(&buyer.form(&path, &format!("{path}/hold")).await).await;
    let checkout = held.header("location").to_owned();
    let order = checkout.trim_end_matches("/checkout").to_owned();
    let resume = buyer.page(&path).await;
    assert!(resume.text.contains(&format!("href=\"{checkout}\"")), "resume: {resume}");
    let pay = buyer.form(&checkout, &format!("{order}/pay")).await.with("token", "pm_card_visa");
    app.advance(901);
    let late = buyer.send(&pay).await;
    assert_eq!(late.header("location"), order, "{late}");
    let page = buyer.follow(&late).await;
    assert_eq!(embedded(&page)["page"]["order"]["order"]["standing"], "expired", "{page}");
    assert!(page.text.contains("Your hold ended. You were not charged"), "{page}");
    assert!(page.text.contains(&format!("href=\"{path}\"")), "find it again: {page}");
    assert_eq!(buyer.open(&checkout).await.header("location"), order);
    assert!(app.sandbox_intents().await.is_empty());
}

#[tokio::test]
async fn without_stripes_publishable_key_nobody_pays_with_stripe() {
    let app = App::start_with([("stripe_api_base", "https://api.stripe.com")]).await;
    let ticket = app.sign_up().await.list(json!({})).await.expect(201);
    let buyer = Browser::signed_up(&app, "stripe@example.com").await;
    let path = format!("/tickets/{}", id(&ticket));
    let held = buyer.send(&buyer.form(&path, &format!("{path}/hold")).await).await;
    let page = buyer.follow(&held).await;
    assert_eq!(embedded(&page)["page"]["checkout"]["method"], "unavailable", "{page}");
    assert!(!page.text.contains("pm_card"), "{page}");
}
