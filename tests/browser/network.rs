//! Answers that get lost, streams that fail, laptops that sleep.

use boxoffice_tests::Provider;
use boxoffice_tests::provider::Mood;
use serde_json::{Value, json};

use crate::acts::{GOOD_CARD, PRICE, Stage, checkout_of, page_of};
use crate::harness::{Shop, Window, in_shop, within};

const CHECKING: &str = "We're checking your payment. Don't pay again.";

/// The order becomes `who`'s, for one payment.
async fn pays_once(shop: &Shop, who: &Window, order: &Value) {
    who.sees_confirmation().await;
    shop.audit().await;
    assert_eq!(shop.intents_of(order).await.len(), 1);
}

#[tokio::test]
async fn a_payment_whose_answer_is_lost_ends_well() {
    let (provider, app) = Provider::with_shop().await;
    within(app, async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        let (bob, wire) = shop.window_by_wire("Bob", &stage.buyer).await;
        bob.expects_failure("");
        bob.go(&checkout_of(&order)).await;
        provider.be(Mood::Slow);
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees("Processing…").await;
        stage.buyer.sees_order(&order, json!({ "status": "awaiting:payment" })).await;
        wire.cut();
        bob.sees(CHECKING).await;
        assert!(!bob.can_click(&format!("Pay {PRICE}")).await, "nobody may pay twice");
        provider.be(Mood::Normal);
        wire.mend();
        pays_once(shop, &bob, &order).await;
    })
    .await;
}

#[tokio::test]
async fn a_payment_that_never_arrived_is_sent_again() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        let (bob, wire) = shop.window_by_wire("Bob", &stage.buyer).await;
        bob.expects_failure("");
        bob.go(&checkout_of(&order)).await;
        wire.cut();
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees(CHECKING).await;
        wire.mend();
        // With the same key: nobody is asked.
        pays_once(shop, &bob, &order).await;
    })
    .await;
}

#[tokio::test]
async fn without_a_stream_the_page_asks_by_itself() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.cannot_reach(&["*/live*"]).await;
        bob.expects_failure("/live");
        bob.go(&page_of(&stage.ticket)).await;
        bob.sees_ticket(&stage.ticket, "open").await;
        shop.sign_up().await.hold(&stage.ticket).await.expect(201);
        bob.sees_ticket(&stage.ticket, "held").await;
    })
    .await;
}

#[tokio::test]
async fn a_laptop_that_slept_knows_at_once_what_it_missed() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.expects_failure("");
        let notes = "addEventListener('online', () => (window.backAt = performance.now()));";
        bob.on_every_page(notes).await;
        bob.go(&page_of(&stage.ticket)).await;
        bob.listens().await;
        bob.is_offline(true).await;
        shop.sign_up().await.hold(&stage.ticket).await.expect(201);
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "held" })).await;
        bob.sees_ticket(&stage.ticket, "open").await;
        bob.is_offline(false).await;
        bob.sees_ticket(&stage.ticket, "held").await;
        // By the page's own clock: what a busy machine adds to an answer says nothing of the page. It
        // would ask within five seconds anyway.
        let asks = "return Math.min(...performance.getEntriesByType('resource') \
                    .map((entry) => entry.startTime - window.backAt).filter((after) => after >= 0))";
        let after = bob.run(asks).await.as_f64().unwrap();
        assert!(after < 500.0, "it asked {after} ms after it was back");
    })
    .await;
}

#[tokio::test]
async fn a_form_that_cannot_be_sent_keeps_what_was_written() {
    in_shop(async |shop| {
        let ann = shop.sign_up().await;
        let (window, wire) = shop.window_by_wire("Ann", &ann).await;
        window.expects_failure("");
        window.go("/tickets/new").await;
        wire.cut();
        window.sells("The Paper Kites", "45.00").await;
        window.sees("could not").await;
        assert_eq!(window.value("Title").await, "The Paper Kites");
        wire.mend();
        window.click("List for sale").await;
        window.sees_heading("The Paper Kites").await;
    })
    .await;
}
