//! From an account to a ticket of one's own.

use boxoffice_tests::{get, id};
use serde_json::json;

use crate::acts::{CONFIRMED, EMPTY_CARD, GOOD_CARD, PRICE, Stage, checkout_of, page_of};
use crate::harness::in_shop;

#[tokio::test]
async fn one_sells_and_another_buys() {
    in_shop(async |shop| {
        let (ann, bob) = (shop.window("Ann").await, shop.window("Bob").await);
        ann.go("/").await;
        ann.sees("Be the first to sell").await;
        ann.click_in("header", "Sell").await;
        ann.click_in("main", "Sign up").await;
        ann.signs_up("ann@example.com").await;
        ann.arrives_at("/tickets/new").await;
        ann.sells("The Paper Kites", "45.00").await;
        ann.sees_heading("The Paper Kites").await;
        ann.sees(PRICE).await;
        let page = ann.path().await;

        bob.go("/").await;
        bob.click("The Paper Kites").await;
        // The list has a heading of this name as well.
        bob.arrives_at(&page).await;
        bob.sees_heading("The Paper Kites").await;
        bob.click("Buy").await;
        bob.click_in("main", "Sign up").await;
        bob.signs_up("bob@example.com").await;
        bob.sees("15:00").await;
        bob.pays(GOOD_CARD, PRICE).await;
        let confirmation = bob.sees_confirmation().await;
        bob.has_focus_on(CONFIRMED).await;
        for shown in ["The Paper Kites", PRICE, "TOTAL", "ORDER "] {
            bob.sees(shown).await;
        }

        ann.click("Account").await;
        ann.click("My listings").await;
        ann.sees("Sold").await;
        bob.click("Account").await;
        bob.click("My tickets").await;
        bob.sees("Paid").await;
        bob.go(&confirmation).await;
        bob.sees_heading(CONFIRMED).await;
        shop.audit().await;
        assert_eq!(shop.sandbox_intents().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_of_the_confirmation_shows_the_same() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees_confirmation().await;
        bob.arrives_at(&format!("/orders/{}", id(&order))).await;
        stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
        bob.refresh().await;
        let first = bob.text_of("main").await;
        bob.refresh().await;
        assert_eq!(bob.text_of("main").await, first);
        assert!(first.contains("The Paper Kites") && first.contains(PRICE), "{first}");
    })
    .await;
}

#[tokio::test]
async fn the_confirmation_has_a_calendar_file() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        stage.window.pays(GOOD_CARD, PRICE).await;
        stage.window.sees_confirmation().await;
        let path = stage.window.target_of("Add to calendar").await;
        assert_eq!(path, format!("/orders/{}/event.ics", id(&order)));
        let file = stage.buyer.exchange(&get(path.as_str())).await;
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, "text/calendar; charset=utf-8")
        );
        for line in ["BEGIN:VCALENDAR\r\n", "SUMMARY:The Paper Kites\r\n", "DTSTART"] {
            assert!(file.text.contains(line), "{line:?} is not in\n{}", file.text);
        }
        let stranger = shop.sign_up().await.exchange(&get(path.as_str())).await;
        assert_eq!(stranger.status, 403, "{stranger}");
    })
    .await;
}

#[tokio::test]
async fn a_decline_keeps_the_hold_and_the_form() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.expects_status("/pay", 402);
        bob.pays(EMPTY_CARD, PRICE).await;
        bob.sees("The card has insufficient funds").await;
        bob.sees_timer("1").await;
        stage.buyer.sees_order(&order, json!({ "status": "awaiting:payment" })).await;
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees_confirmation().await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn several_tickets_cost_what_the_button_says() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 4 })).await;
        let bob = &stage.window;
        bob.go(&page_of(&stage.ticket)).await;
        bob.choose("How many", "3").await;
        bob.click("Buy").await;
        bob.pays(GOOD_CARD, "€135.00").await;
        bob.sees_confirmation().await;
        bob.sees("€135.00").await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "available": 1, "status": "open" })).await;
    })
    .await;
}

#[tokio::test]
async fn an_unpaid_order_is_on_top_of_ones_orders_and_can_be_resumed() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        bob.go("/orders").await;
        bob.sees("Awaiting payment").await;
        bob.sees_timer("1").await;
        bob.click("Resume payment for The Paper Kites").await;
        bob.arrives_at(&checkout_of(&order)).await;
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees_confirmation().await;
    })
    .await;
}
