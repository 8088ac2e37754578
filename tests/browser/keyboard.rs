//! Everything without a mouse. At every stop on the way the focus must be seen.

use fantoccini::key::Key;
use serde_json::json;

use crate::acts::{CONFIRMED, GOOD_CARD, PASSWORD, PRICE, Stage, page_of};
use crate::harness::in_shop;

/// What is asked before a listing is taken off sale.
const QUESTION: &str = "Withdraw these tickets?";

#[tokio::test]
async fn a_ticket_is_bought_with_tab_and_enter() {
    in_shop(async |shop| {
        Stage::set(shop, json!({})).await;
        let cleo = shop.window("Cleo").await;
        cleo.go("/").await;
        cleo.enters("The Paper Kites").await;
        cleo.sees_heading("The Paper Kites").await;
        cleo.enters("Buy").await;
        cleo.sees_heading("Sign in").await;
        cleo.tabs_to_in("main", "Sign up").await;
        cleo.press(&Key::Enter).await;
        cleo.sees_heading("Sign up").await;
        cleo.types("E-mail address", "cleo@example.com").await;
        cleo.types("Password", PASSWORD).await;
        cleo.press(&Key::Enter).await;
        cleo.sees_timer("1").await;
        // The cards are one stop; arrows choose among them, and the first one works.
        cleo.tabs_to(GOOD_CARD).await;
        cleo.enters(&format!("Pay {PRICE}")).await;
        cleo.sees_heading(CONFIRMED).await;
        cleo.has_focus_on(CONFIRMED).await;
    })
    .await;
}

#[tokio::test]
async fn the_skip_link_is_first_and_leads_past_the_head() {
    in_shop(async |shop| {
        Stage::set(shop, json!({})).await;
        let cleo = shop.window("Cleo").await;
        for page in ["/", "/sign-in"] {
            cleo.go(page).await;
            cleo.press(&Key::Tab).await;
            cleo.has_focus_on("Skip to content").await;
            cleo.press(&Key::Enter).await;
            cleo.press(&Key::Tab).await;
            let is_inside = "document.getElementById('main').contains(document.activeElement)";
            cleo.waits_for("the focus is in the main part", is_inside).await;
        }
    })
    .await;
}

#[tokio::test]
async fn escape_closes_what_opened_and_gives_the_focus_back() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&page_of(&stage.ticket)).await;
        ann.enters("Account").await;
        ann.sees("My tickets").await;
        ann.press(&Key::Tab).await;
        ann.press(&Key::Escape).await;
        ann.sees_no("My tickets").await;
        ann.has_focus_on("Account").await;

        ann.go(&format!("{}/edit", page_of(&stage.ticket))).await;
        ann.enters("Withdraw").await;
        ann.sees(QUESTION).await;
        ann.press(&Key::Escape).await;
        ann.sees_no(QUESTION).await;
        ann.has_focus_on("Withdraw").await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "status": "open" })).await;
    })
    .await;
}

#[tokio::test]
async fn a_dialog_keeps_the_focus_inside() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&format!("{}/edit", page_of(&stage.ticket))).await;
        ann.enters("Withdraw").await;
        ann.sees(QUESTION).await;
        for _ in 0..5 {
            let is_outside = "document.activeElement.matches('main *, header *, footer *')";
            assert_eq!(ann.run(&format!("return {is_outside}")).await, false);
            ann.press(&Key::Tab).await;
        }
    })
    .await;
}
