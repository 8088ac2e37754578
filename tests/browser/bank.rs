//! Buying where the bank has a question first (3-D Secure): on the sandbox's page, and back.

use boxoffice_tests::{App, Surroundings};
use serde_json::json;

use crate::acts::{ASKING_CARD, GOOD_CARD, PRICE, Stage, checkout_of};
use crate::harness::{Shop, Window, within};

const QUESTION: &str = "Your bank asks you to confirm this payment";

/// Has `test` take place in an empty shop to which a bank can send somebody back.
async fn in_shop(test: impl AsyncFnOnce(&mut Shop)) {
    let mut around = Surroundings::prepare().await;
    around.listen_where_the_shop_says();
    within(App::start_in(around).await, test).await;
}

impl Window {
    /// Pays, and answers the bank's question.
    async fn pays_by_bank(&self, answer: &str) {
        self.pays(ASKING_CARD, PRICE).await;
        self.sees_heading(QUESTION).await;
        self.click("Continue to your bank").await;
        self.click(answer).await;
    }
}

#[tokio::test]
async fn who_answers_their_bank_buys() {
    in_shop(async |shop| {
        let (stage, _) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.pays(ASKING_CARD, PRICE).await;
        bob.sees_heading(QUESTION).await;
        bob.has_focus_on(QUESTION).await;
        bob.click("Continue to your bank").await;
        bob.sees("Complete authentication").await;
        // A glance back at the shop changes nothing.
        bob.back().await;
        bob.sees_heading(QUESTION).await;
        bob.is_alive().await;
        bob.click("Continue to your bank").await;
        bob.click("Complete authentication").await;
        bob.sees_confirmation().await;
        bob.is_alive().await;
        assert_eq!(shop.sandbox_intents().await.len(), 1);
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn without_scripts_as_well() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.without_scripts().await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        bob.go(&checkout_of(&order)).await;
        bob.pays_by_bank("Fail authentication").await;
        bob.sees("Your hold stays").await;
        bob.pays_by_bank("Complete authentication").await;
        bob.sees_confirmation().await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn who_fails_at_their_bank_is_told_and_may_use_another_card() {
    in_shop(async |shop| {
        let (stage, _) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.pays_by_bank("Fail authentication").await;
        bob.sees("Your hold stays").await;
        bob.is_alive().await;
        bob.waits_for("it is said first", "document.activeElement.id === 'summary'").await;
        bob.sees_no(QUESTION).await;
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees_confirmation().await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn another_card_may_be_used_instead_of_answering() {
    in_shop(async |shop| {
        let (stage, _) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.pays(ASKING_CARD, PRICE).await;
        bob.sees_heading(QUESTION).await;
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees_confirmation().await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn the_hold_gets_longer_for_the_question_and_can_be_seen_to() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.sees_timer("1").await;
        shop.advance(13 * 60);
        bob.pays(ASKING_CARD, PRICE).await;
        bob.sees_heading(QUESTION).await;
        bob.sees_timer("09:").await;
        bob.go("/orders").await;
        bob.sees("Awaiting payment").await;
        bob.click("Resume payment for The Paper Kites").await;
        bob.arrives_at(&checkout_of(&order)).await;
        bob.has_focus_on(QUESTION).await;
    })
    .await;
}
