//! The same table of cases on every provider.

use boxoffice_tests::provider::Mood;
use boxoffice_tests::{Answer, id, post};
use serde_json::json;

use crate::stage::{Card, HOLD, PRICE, Stage, Stripe, confirm_path, refund};

/// A case, on a stage that is set for it.
type Case = (&'static str, fn(&Stage) -> std::pin::Pin<Box<dyn Future<Output = ()> + '_>>);

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), |stage| Box::pin($name(stage)))),*]
    };
}

/// What must be so with every Stripe.
const CASES: &[Case] = cases![
    a_good_card_buys,
    a_declined_card_does_not,
    an_unknown_method_is_declined,
    who_passes_their_banks_check_buys,
    who_fails_their_banks_check_may_try_again,
    who_is_declined_after_the_check_may_try_again,
    another_card_takes_the_place_of_one_that_waits,
    a_hold_that_ends_while_the_bank_asks_costs_nothing,
    a_sale_is_refunded_once,
    what_is_taken_is_told,
];

/// What must be so with a Stripe that keeps idempotency keys. localstripe does not.
const KEYED_CASES: &[Case] = cases![
    an_answer_that_was_lost_is_found_out,
    a_provider_that_is_asked_twice_acts_once,
    trouble_that_passes_is_not_noticed,
    a_refund_whose_answer_was_lost_is_found_out,
];

/// What can be tried only where no webhook says what an answer would have.
const UNTOLD_CASES: &[Case] = cases![money_that_comes_too_late_is_let_go];

async fn run(stage: &Stage, cases: &[Case]) {
    for (name, case) in cases {
        eprintln!("case {name}");
        case(stage).await;
        stage.is_right().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_sandbox() {
    let stage = Stage::with_sandbox().await;
    stage.hear_webhooks().await;
    run(&stage, CASES).await;
    run(&stage, KEYED_CASES).await;
}

/// Where nobody tells anything, everything is found out.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_sandbox_that_tells_nothing() {
    let stage = Stage::with_sandbox().await;
    let untold: Vec<Case> =
        CASES.iter().filter(|(name, _)| *name != "what_is_taken_is_told").copied().collect();
    run(&stage, &untold).await;
    run(&stage, KEYED_CASES).await;
    run(&stage, UNTOLD_CASES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_localstripe() {
    let stage = Stage::with_localstripe().await;
    stage.hear_webhooks().await;
    run(&stage, CASES).await;
    what_a_bank_account_came_to_is_told_later(&stage).await;
}

/// localstripe's bank accounts take their time, as Stripe's do; this one has no money.
async fn what_a_bank_account_came_to_is_told_later(stage: &Stage) {
    let Stripe::Localstripe(stripe) = &stage.stripe else { panic!("not on localstripe") };
    let account = stripe.account("DE62370400440532013001").await;
    let order = stage.hold().await;
    let processing = json!({ "payment": { "status": "processing" } });
    let answer = stage.buyer.pay(&order, &account).await.shows(202, processing);
    let payment = answer.body["payment"].clone();
    let told = "SELECT COUNT(*) FROM payments_payments WHERE decline_code = 'card_declined' \
                AND intent_id IS NOT NULL";
    let before = stage.number(told);
    let heard = async || stage.number(told);
    boxoffice_tests::eventually("the shop has heard", heard, |heard| *heard > before).await;
    stage.confirm(&payment).await.refuses(402, "card_declined");
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
}

async fn a_good_card_buys(stage: &Stage) {
    let order = stage.hold().await;
    let paid = json!({ "payment": { "status": "authorized", "orderId": id(&order) } });
    stage.pay(&order, Card::Good).await.shows(201, paid);
    stage.is_bought(&order).await;
}

fn detail(answer: &Answer) -> &str {
    answer.body["detail"].as_str().unwrap_or_default()
}

async fn a_declined_card_does_not(stage: &Stage) {
    let order = stage.hold().await;
    let answer = stage.pay(&order, Card::Declined).await;
    let code = match stage.stripe {
        Stripe::Sandbox => "generic_decline",
        Stripe::Localstripe(_) => "card_declined",
    };
    let answer = answer.refuses(402, code);
    assert_eq!(detail(&answer), "The card was declined. Your hold stays; try another card");
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
}

async fn an_unknown_method_is_declined(stage: &Stage) {
    let order = stage.hold().await;
    stage.pay(&order, Card::Unknown).await.refuses(402, "invalid_payment_method");
    stage.buyer.cancel(&order).await.expect(204);
}

async fn who_passes_their_banks_check_buys(stage: &Stage) {
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    let still = json!({ "payment": { "status": "requires_action", "id": id(&payment) } });
    stage.confirm(&payment).await.shows(202, still);
    stage.authenticate(&payment, true).await;
    stage.confirm(&payment).await.shows(201, json!({ "payment": { "id": id(&payment) } }));
    stage.is_bought(&order).await;
    // To ask once more changes nothing.
    stage.confirm(&payment).await.shows(201, json!({ "payment": { "id": id(&payment) } }));
    stage.has_intents(&order, &["succeeded"]).await;
}

async fn who_fails_their_banks_check_may_try_again(stage: &Stage) {
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    stage.authenticate(&payment, false).await;
    let code = "payment_intent_authentication_failure";
    let answer = stage.confirm(&payment).await.refuses(402, code);
    assert!(detail(&answer).starts_with("Your bank could not confirm"), "{answer}");
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
    stage.passes(6).await;
    // Nobody can go on with the first one.
    stage.has_intents(&order, &["canceled", "succeeded"]).await;
}

async fn who_is_declined_after_the_check_may_try_again(stage: &Stage) {
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::AsksAndDeclines).await;
    stage.authenticate(&payment, true).await;
    assert_eq!(stage.confirm(&payment).await.status, 402);
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
    stage.passes(6).await;
    stage.has_intents(&order, &["canceled", "succeeded"]).await;
}

async fn another_card_takes_the_place_of_one_that_waits(stage: &Stage) {
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
    stage.has_intents(&order, &["canceled", "succeeded"]).await;
    stage.confirm(&payment).await.refuses(402, "authentication_abandoned");
}

async fn a_hold_that_ends_while_the_bank_asks_costs_nothing(stage: &Stage) {
    let order = stage.hold().await;
    let payment = stage.pay_asked(&order, Card::Asks).await;
    stage.buyer.cancel(&order).await.expect(204);
    stage.has_intents(&order, &["canceled"]).await;
    stage.confirm(&payment).await.refuses(409, "ended");
}

/// The provider takes its time, and the hold ends meanwhile.
async fn money_that_comes_too_late_is_let_go(stage: &Stage) {
    let order = stage.hold().await;
    let card = stage.card(Card::Good).await;
    stage.provider.be(Mood::Slow);
    let paying = stage.buyer.pay(&order, &card);
    let meanwhile = async {
        let begun = json!({ "status": "awaiting:payment" });
        stage.buyer.sees_order(&order, begun).await;
        stage.app.advance(HOLD);
        stage.app.tick().await;
        stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
        stage.provider.be(Mood::Normal);
    };
    let (answer, ()) = tokio::join!(paying, meanwhile);
    answer.refuses(409, "ended");
    stage.has_intents(&order, &["canceled"]).await;
}

async fn a_sale_is_refunded_once(stage: &Stage) {
    let (order, payment) = stage.sold().await;
    let refund = refund(&payment, json!({ "reason": "duplicate", "restock": true }));
    let done = json!({ "payment": { "id": id(&payment), "status": "refunded", "amount": PRICE } });
    stage.seller.send(&refund).await.shows(200, done.clone());
    stage.seller.send(&refund).await.shows(200, done);
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    assert_eq!(stage.given_back(&order).await, PRICE);
}

async fn a_refund_whose_answer_was_lost_is_found_out(stage: &Stage) {
    let (order, payment) = stage.sold().await;
    let refund = refund(&payment, json!({}));
    stage.provider.be(Mood::Mute);
    let answer = stage.seller.send(&refund).await;
    // A webhook may have told it before the answer got lost.
    let status = answer.body["payment"]["status"].as_str().unwrap_or_default();
    assert!(matches!((answer.status, status), (202, "refunding") | (200, "refunded")), "{answer}");
    stage.provider.be(Mood::Normal);
    stage.passes(60).await;
    stage.buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    assert_eq!(stage.given_back(&order).await, PRICE);
    stage.seller.send(&refund).await.expect(200);
}

/// Every provider tells when money was taken; the shop knows its signature.
async fn what_is_taken_is_told(stage: &Stage) {
    let told = "SELECT COUNT(*) FROM payments_webhooks \
                WHERE type = 'payment_intent.succeeded' AND body IS NULL";
    let before = stage.number(told);
    let order = stage.hold().await;
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
    let heard = async || stage.number(told);
    boxoffice_tests::eventually("the shop has heard", heard, |heard| *heard > before).await;
}

async fn an_answer_that_was_lost_is_found_out(stage: &Stage) {
    let order = stage.hold().await;
    let card = stage.card(Card::Asks).await;
    let request = post("/api/payments", json!({ "orderId": id(&order), "token": card }));
    let request = request.key(&format!("lost-{}", id(&order)));
    stage.provider.be(Mood::Mute);
    stage.buyer.send(&request).await.refuses(503, "payment_pending");
    stage.provider.be(Mood::Normal);
    let asked = json!({ "payment": { "status": "requires_action" } });
    let payment = stage.buyer.send(&request).await.shows(202, asked).body["payment"].clone();
    stage.authenticate(&payment, true).await;
    stage.buyer.send(&request).await.expect(201);
    let again = stage.buyer.send(&request).await;
    assert!(again.is_replay(), "{again}");
    stage.is_bought(&order).await;
    assert!(confirm_path(&payment).ends_with("/confirm"));
    stage.has_intents(&order, &["succeeded"]).await;
}

async fn a_provider_that_is_asked_twice_acts_once(stage: &Stage) {
    stage.provider.be(Mood::Twice);
    let order = stage.hold().await;
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
    stage.provider.be(Mood::Normal);
    stage.has_intents(&order, &["succeeded"]).await;
}

/// A provider that does what it is asked and says that it failed, for less than a second: it is asked
/// again, and the buyer does not notice.
async fn trouble_that_passes_is_not_noticed(stage: &Stage) {
    let order = stage.hold().await;
    stage.provider.be(Mood::Failing);
    let passes = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        stage.provider.be(Mood::Normal);
    };
    let (answer, ()) = tokio::join!(stage.pay(&order, Card::Good), passes);
    answer.expect(201);
    stage.is_bought(&order).await;
    stage.has_intents(&order, &["succeeded"]).await;
}
