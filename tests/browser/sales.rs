//! What sellers see of their sales, and how they refund them.

use boxoffice_tests::{eventually, id};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::acts::{GOOD_CARD, Stage, checkout_of};
use crate::harness::{Shop, in_shop};

/// What is asked before money is given back.
const QUESTION: &str = "Refund this sale?";
const REFUNDED: &str = "Refunded. The buyer has the money back in 5 to 10 days.";

/// A ticket that was bought; its order.
async fn sold(shop: &Shop) -> (Stage, Value) {
    let stage = Stage::set(shop, json!({})).await;
    let order = stage.buyer.hold(&stage.ticket).await.expect(201);
    stage.buyer.pay(&order, "pm_card_visa").await.expect(201);
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let lines =
        async || stage.seller.get("/api/payments/ledger").await.expect(200)["items"].clone();
    eventually("the sale is booked", lines, |lines| lines[0].is_object()).await;
    (stage, order)
}

#[tokio::test]
async fn a_sale_is_refunded_and_its_buyer_sees_it() {
    in_shop(async |shop| {
        let (stage, order) = sold(shop).await;
        let bob = &stage.window;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go("/").await;
        ann.click("Account").await;
        ann.click("Sales").await;
        ann.arrives_at("/sales").await;
        ann.sees("BALANCE €45.00").await;
        let number = boxoffice_contract::orders::number(id(&order).parse().unwrap());
        ann.sees(&format!("Order {number}")).await;
        ann.click("Refund The Paper Kites").await;
        ann.choose("Why", "duplicate").await;
        ann.click_field("Put the tickets back on sale").await;
        ann.click("Refund all of it").await;
        ann.sees(QUESTION).await;
        ann.click_in("dialog", "Keep it").await;
        ann.sees_no(QUESTION).await;
        ann.click("Refund all of it").await;
        ann.click_in("dialog", "Refund").await;
        ann.sees(REFUNDED).await;
        ann.sees("−€45.00").await;
        assert!(!ann.has("Refund The Paper Kites").await);
        stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "open" })).await;

        bob.go("/orders").await;
        bob.sees("Refunded").await;
        bob.go(&format!("/orders/{}", id(&order))).await;
        bob.sees_heading("Refunded").await;
        bob.sees("€45.00, with you in 5 to 10 days").await;
        assert!(!bob.has("Add to calendar").await);
        // They are for sale, to whoever had them as well.
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        bob.go(&checkout_of(&order)).await;
        bob.pays(GOOD_CARD, "€45.00").await;
        bob.sees_confirmation().await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn a_sale_is_refunded_without_scripts() {
    in_shop(async |shop| {
        let (stage, order) = sold(shop).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.without_scripts().await;
        ann.go("/sales").await;
        ann.click("Refund The Paper Kites").await;
        ann.click("Refund all of it").await;
        ann.sees(REFUNDED).await;
        stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "sold" })).await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn a_sale_is_refunded_with_the_keyboard_alone() {
    in_shop(async |shop| {
        let (stage, order) = sold(shop).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go("/sales").await;
        ann.enters("Refund The Paper Kites").await;
        ann.tabs_to("Why").await;
        ann.press(&Key::Down).await;
        ann.tabs_to("Put the tickets back on sale").await;
        ann.types_blindly(" ").await;
        ann.enters("Refund all of it").await;
        ann.sees(QUESTION).await;
        ann.press(&Key::Escape).await;
        ann.sees_no(QUESTION).await;
        ann.has_focus_on("Refund all of it").await;
        ann.press(&Key::Enter).await;
        ann.sees(QUESTION).await;
        ann.enters("Refund").await;
        ann.sees(REFUNDED).await;
        stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "open" })).await;
    })
    .await;
}

/// Every test begins on the first of March 2030.
#[tokio::test]
async fn sales_of_some_days_are_shown_and_downloaded() {
    in_shop(async |shop| {
        let (stage, _) = sold(shop).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go("/listings").await;
        ann.click_in("main", "Sales").await;
        ann.arrives_at("/sales").await;
        assert_eq!(ann.target_of("Download as CSV").await, "/sales.csv");
        ann.fill("From", "03022030").await;
        ann.click("Show").await;
        ann.arrives_at("/sales?from=2030-03-02").await;
        ann.sees_no("The Paper Kites").await;
        ann.sees("€45.00; before this period, €45.00").await;
        assert_eq!(ann.target_of("Download as CSV").await, "/sales.csv?from=2030-03-02");
        ann.back().await;
        ann.arrives_at("/sales").await;
        ann.sees("The Paper Kites").await;
        assert_eq!(ann.value("From").await, "");
        ann.expects_status("/sales", 400);
        ann.fill("From", "03022030").await;
        ann.fill("Until", "03012030").await;
        ann.click("Show").await;
        ann.sees("One thing to mend").await;
        assert_eq!(ann.complaint("Until").await, "The last day is before the first; swap the two.");
    })
    .await;
}
