//! What a page says when there is nothing to show, or nothing to have.

use boxoffice_tests::id;
use serde_json::json;

use crate::acts::{Stage, a_concert, page_of};
use crate::harness::in_shop;

#[tokio::test]
async fn empty_pages_say_what_to_do() {
    in_shop(async |shop| {
        let person = shop.sign_up().await;
        let window = shop.window_of("Zoe", &person).await;
        window.go("/").await;
        window.sees("Be the first to sell").await;
        window.go("/orders").await;
        window.sees("No tickets yet. Browse tickets").await;
        window.go("/listings").await;
        window.sees("You have not listed any tickets yet.").await;
        person.list(a_concert(json!({}))).await.expect(201);
        window.go("/?q=nothing+like+it").await;
        window.sees("No tickets match. Clear filters").await;
        window.click("Clear filters").await;
        window.arrives_at("/").await;
        window.sees("The Paper Kites").await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_had_says_so_and_shows_others() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        stage.seller.list(a_concert(json!({ "title": "A cello" }))).await.expect(201);
        let (bob, other) = (&stage.window, shop.sign_up().await);
        let order = other.hold(&stage.ticket).await.expect(201);
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "held" })).await;
        bob.go(&page_of(&stage.ticket)).await;
        bob.sees("In someone's checkout").await;
        assert!(!bob.has("Buy").await);
        other.pay(&order, "pm_card_visa").await.expect(201);
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "sold" })).await;
        bob.go(&page_of(&stage.ticket)).await;
        bob.sees("Sold").await;
        bob.sees("A cello").await;
        assert!(!bob.has("Buy").await);
        bob.go("/").await;
        bob.sees_ticket(&stage.ticket, "sold").await;
        bob.sees("Sold").await;
    })
    .await;
}

#[tokio::test]
async fn ones_own_listing_is_edited_and_not_bought() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&page_of(&stage.ticket)).await;
        assert!(!ann.has("Buy").await);
        ann.click_in("main", "Edit").await;
        assert_eq!(ann.value("Title").await, "The Paper Kites");
        assert_eq!(ann.value("Price of one ticket").await, "45.00");
        ann.fill("Price of one ticket", "39.50").await;
        ann.click("Save").await;
        ann.sees_heading("The Paper Kites").await;
        ann.sees("€39.50").await;
        stage
            .seller
            .sees_ticket(
                &stage.ticket,
                json!({ "price": 3950, "startsAt": "2030-06-12T18:30:00Z" }),
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_listing_is_edited_while_somebody_checks_out() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        let page = page_of(&stage.ticket);
        ann.go(&format!("{page}/edit")).await;
        stage.buyer.hold(&stage.ticket).await.expect(201);
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "held" })).await;
        ann.fill("Title", "The Tin Kites").await;
        ann.click("Save").await;
        ann.sees("Your changes are saved.").await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "title": "The Tin Kites" })).await;
    })
    .await;
}

#[tokio::test]
async fn who_is_told_of_a_change_may_insist() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        let page = page_of(&stage.ticket);
        let edit = format!("{page}/edit");
        ann.go(&edit).await;
        let elsewhere = a_concert(json!({ "title": "The Wooden Kites" }));
        stage.seller.put(&format!("/api{page}"), elsewhere).await.expect(200);
        ann.expects_status(&edit, 412);
        ann.fill("Title", "The Tin Kites").await;
        ann.click("Save").await;
        ann.sees("This listing has changed since you opened this page.").await;
        ann.click("Save").await;
        ann.arrives_at(&page).await;
        ann.sees_heading("The Tin Kites").await;
    })
    .await;
}

#[tokio::test]
async fn what_does_not_exist_or_is_somebody_elses_has_a_way_back() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        let nobodys = "019b2c00-0000-7000-8000-000000000000";
        let stranger = shop.window_of("stranger", &shop.sign_up().await).await;
        let closed = [
            ("/nothing/here".to_owned(), 404, "Not found"),
            ("/tickets/nonsense".to_owned(), 404, "Not found"),
            (format!("/tickets/{nobodys}"), 404, "Not found"),
            (format!("/orders/{nobodys}"), 404, "Not found"),
            (format!("/orders/{}", id(&order)), 403, "Not allowed"),
            (format!("/orders/{}/checkout", id(&order)), 403, "Not allowed"),
            (format!("{}/edit", page_of(&stage.ticket)), 403, "Not allowed"),
        ];
        for (page, status, heading) in &closed {
            stranger.expects_status(page, *status);
            stranger.go(page).await;
            stranger.sees_heading(heading).await;
            stranger.click("Browse tickets").await;
            stranger.arrives_at("/").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_shop_in_trouble_says_so_and_has_a_way_back() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        shop.tamper("ALTER TABLE tickets_tickets RENAME TO elsewhere").await;
        let page = page_of(&stage.ticket);
        bob.expects_status(&page, 503);
        bob.go(&page).await;
        bob.sees_any_heading(&["Something went wrong", "Back in a moment"]).await;
        let text = bob.text().await.to_lowercase();
        for secret in ["sqlite", "no such table", "spin.internal", "wasm", "panicked"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        shop.tamper("ALTER TABLE elsewhere RENAME TO tickets_tickets").await;
        bob.click("Browse tickets").await;
        bob.arrives_at("/").await;
        bob.sees("The Paper Kites").await;
    })
    .await;
}
