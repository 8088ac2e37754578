//! The race lost, a hold that ends, a hold given up.

use serde_json::json;

use crate::acts::{GOOD_CARD, PRICE, Stage, checkout_of, page_of};
use crate::harness::in_shop;

/// How long a hold lasts, in seconds.
const HOLD: u64 = 900;

const LOST: &str = "Someone else just reserved this ticket. You haven't been charged.";
const ENDED: &str = "Your hold ended. You were not charged";

#[tokio::test]
async fn the_race_for_a_ticket_is_lost_politely() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        // He must not hear of it before he clicks.
        bob.cannot_reach(&["*/live*"]).await;
        bob.expects_failure("/live");
        bob.expects_status("/hold", 409);
        bob.go(&page_of(&stage.ticket)).await;
        shop.sign_up().await.hold(&stage.ticket).await.expect(201);
        bob.click("Buy").await;
        bob.sees(LOST).await;
        bob.sees_ticket(&stage.ticket, "held").await;
        bob.sees("In someone's checkout").await;
        assert_eq!(stage.buyer.get("/api/orders").await.expect(200)["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn the_countdown_goes_by_the_shops_clock() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        shop.advance(HOLD - 300);
        // The shop's clock stands in 2030, the browser's does not.
        let checkout = checkout_of(&order);
        bob.without_scripts().await;
        bob.go(&checkout).await;
        bob.sees_timer("05:00").await;
        bob.with_scripts().await;
        bob.go(&checkout).await;
        bob.sees_timer("04:5").await;
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_ends_on_the_checkout_page_says_so_there() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        shop.advance(HOLD - 3);
        bob.go(&checkout_of(&order)).await;
        bob.sees_timer("00:0").await;
        // The shop's clock goes on only here; the page would ask it, and be told of time left.
        shop.advance(4);
        bob.sees(ENDED).await;
        assert!(!bob.has(&format!("Pay {PRICE}")).await, "the form is replaced");
        shop.tick().await;
        stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
        // By itself, the page learns how the shop settled it.
        bob.sees("Expired").await;
        bob.click("Find it again").await;
        bob.arrives_at(&page_of(&stage.ticket)).await;
        bob.sees_ticket(&stage.ticket, "open").await;
        bob.go("/orders").await;
        bob.sees("Expired").await;
        shop.audit().await;
        assert!(shop.sandbox_intents().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_ended_while_the_laptop_slept_is_told_when_it_wakes() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.expects_failure("");
        bob.sees_timer("1").await;
        bob.is_offline(true).await;
        shop.advance(HOLD + 1);
        shop.tick().await;
        stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
        bob.is_offline(false).await;
        bob.sees(ENDED).await;
    })
    .await;
}

#[tokio::test]
async fn paying_too_late_says_that_the_hold_ended() {
    in_shop(async |shop| {
        let (stage, _) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.cannot_reach(&["*/live*"]).await;
        bob.expects_failure("/live");
        bob.expects_status("/pay", 409);
        shop.advance(HOLD + 1);
        shop.tick().await;
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees(ENDED).await;
        bob.sees("Find it again").await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn a_hold_can_be_given_up() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.click("Give the tickets up").await;
        bob.click_in("dialog", "Give them up").await;
        stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
        bob.go("/orders").await;
        bob.sees("Cancelled").await;
        bob.go(&page_of(&stage.ticket)).await;
        bob.sees_ticket(&stage.ticket, "open").await;
    })
    .await;
}
