//! Everything without scripts: plain forms and redirects.

use serde_json::json;

use crate::acts::{EMPTY_CARD, GOOD_CARD, PASSWORD, PRICE, Stage, checkout_of, page_of};
use crate::harness::in_shop;

#[tokio::test]
async fn one_sells_and_another_buys() {
    in_shop(async |shop| {
        let (ann, bob) = (shop.window("Ann").await, shop.window("Bob").await);
        ann.without_scripts().await;
        bob.without_scripts().await;
        ann.go("/tickets/new").await;
        ann.click_in("main", "Sign up").await;
        ann.signs_up("ann@example.com").await;
        ann.sells("The Paper Kites", "45.00").await;
        ann.sees_heading("The Paper Kites").await;

        bob.go("/").await;
        bob.fill("Search", "kites").await;
        bob.click_in("main", "Search").await;
        bob.click("The Paper Kites").await;
        bob.click("Buy").await;
        bob.click_in("main", "Sign up").await;
        bob.signs_up("bob@example.com").await;
        bob.sees_timer("15:00").await;
        bob.expects_status("/pay", 402);
        bob.pays(EMPTY_CARD, PRICE).await;
        // The list of test cards speaks of insufficient funds, too.
        bob.sees("The card has insufficient funds").await;
        bob.pays(GOOD_CARD, PRICE).await;
        // Without scripts the page itself asks anew until the order is complete.
        bob.sees_confirmation().await;
        bob.sees(PRICE).await;

        ann.click("Account").await;
        ann.click("My listings").await;
        ann.sees("Sold").await;
        bob.click("Account").await;
        bob.click("Sign out").await;
        bob.click("Sign in").await;
        bob.signs_in("bob@example.com", PASSWORD).await;
        bob.click("Account").await;
        bob.click("My tickets").await;
        bob.sees("Paid").await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn the_race_lost_and_the_hold_that_ends_are_told() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.without_scripts().await;
        bob.go(&page_of(&stage.ticket)).await;
        let other = shop.sign_up().await;
        let theirs = other.hold(&stage.ticket).await.expect(201);
        bob.expects_status("/hold", 409);
        bob.click("Buy").await;
        bob.sees("Someone else just reserved this ticket. You haven't been charged.").await;
        other.cancel(&theirs).await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "open" })).await;

        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        bob.go(&checkout_of(&order)).await;
        shop.advance(901);
        shop.tick().await;
        stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
        bob.expects_status("/pay", 409);
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees("Your hold ended. You were not charged").await;
        bob.click("Find it again").await;
        bob.arrives_at(&page_of(&stage.ticket)).await;
    })
    .await;
}

#[tokio::test]
async fn a_listing_is_edited_and_withdrawn() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.without_scripts().await;
        ann.go(&page_of(&stage.ticket)).await;
        ann.click_in("main", "Edit").await;
        ann.fill("Title", "The Tin Kites").await;
        ann.click("Save").await;
        ann.sees_heading("The Tin Kites").await;
        ann.click_in("main", "Edit").await;
        ann.click("Withdraw").await;
        ann.sees("Your listing is off sale.").await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "withdrawn" })).await;
    })
    .await;
}
