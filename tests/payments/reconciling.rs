//! Answers that were lost, and what is put before operators.

use boxoffice_ops::{Rule, audit};
use boxoffice_tests::id;
use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::provider::Mood;
use serde_json::{Value, json};

use crate::stage::{Card, HOLD, Stage};

const DAY: u64 = 24 * 60 * 60;

/// What an audit says an operator has to look at.
pub(crate) async fn before_operators(stage: &Stage) -> Vec<String> {
    let mut violations = audit::pass(&stage.app.sources()).await.unwrap();
    violations.retain(|violation| violation.rule == Rule::PaymentAttention);
    violations.iter().map(ToString::to_string).collect()
}

/// For so long that Stripe has forgotten the key, while nobody ticked: the intent is found by its
/// metadata, and not made once more. Whether the order is then complete or has expired is for
/// `orders` to say.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_for_two_days_is_found_by_metadata() {
    let stage = Stage::with_sandbox().await;
    let order = stage.hold().await;
    stage.provider.be(Mood::Mute);
    stage.pay(&order, Card::Good).await.refuses(503, "payment_pending");
    stage.app.advance(2 * DAY);
    stage.provider.be(Mood::Normal);
    stage.app.tick().await;
    stage.is_right().await;
    let intents = stage.intents(&order).await;
    assert_eq!(intents.len(), 1, "{intents:#?}");
    assert_ne!(intents[0]["status"], "requires_capture");
}

/// The shop that asks again is not quite the one that asked first, as after an update: Stripe refuses
/// its request for having other parameters. What the first one set aside is found.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_by_an_older_shop_is_found_by_metadata() {
    let mut stage = Stage::with_sandbox().await;
    let order = stage.hold().await;
    stage.provider.be(Mood::Mute);
    stage.pay(&order, Card::Good).await.refuses(503, "payment_pending");
    stage.provider.be(Mood::Normal);
    stage.app.variables.insert("public_url".into(), "http://tickets.example".into());
    stage.app.restart().await;
    // A session is for the shop's address: at another one, people sign in again.
    let email = stage.buyer.account["email"].as_str().unwrap();
    let credentials = json!({ "email": email, "password": PASSWORD });
    let answer = stage.app.client().post("/api/users/signIn", credentials).await;
    stage.buyer = stage.app.client().signed_in_by(answer, 200);
    stage.passes(60).await;
    stage.is_bought(&order).await;
    stage.has_intents(&order, &["succeeded"]).await;
    stage.is_right().await;
}

/// The same, found after its hold has ended: the money is let go.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_until_the_end_is_found_and_let_go() {
    let stage = Stage::with_sandbox().await;
    let order = stage.hold().await;
    stage.provider.be(Mood::Mute);
    stage.pay(&order, Card::Good).await.refuses(503, "payment_pending");
    stage.provider.be(Mood::Deaf);
    stage.passes(HOLD).await;
    stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
    stage.provider.be(Mood::Normal);
    stage.passes(60).await;
    stage.has_intents(&order, &["canceled"]).await;
    stage.is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_arrived_is_let_go_of_once_nobody_wants_it() {
    let stage = Stage::with_sandbox().await;
    let order = stage.hold().await;
    stage.provider.be(Mood::Deaf);
    stage.pay(&order, Card::Good).await.refuses(503, "payment_pending");
    stage.passes(HOLD).await;
    stage.buyer.sees_order(&order, json!({ "status": "cancelled" })).await;
    stage.provider.be(Mood::Normal);
    stage.passes(60).await;
    stage.is_right().await;
    assert_eq!(stage.intents(&order).await.len(), 0, "nobody was asked for money to find out");
    let status = stage.text("SELECT status FROM payments_payments");
    assert!(status.contains("declined"), "{status}");
}

/// An order that is complete, and whose money cannot be taken.
async fn not_captured(stage: &Stage) -> (Value, Value) {
    let order = stage.hold().await;
    stage.provider.be(Mood::DeafTo("/capture"));
    let answer = stage.pay(&order, Card::Good).await.expect(201);
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    (order, answer["payment"].clone())
}

/// A capture that keeps failing is tried on, and an operator is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_failing_is_put_before_an_operator() {
    let stage = Stage::with_sandbox().await;
    let (order, payment) = not_captured(&stage).await;
    let mut told = Vec::new();
    let mut ticks = 0;
    while told.is_empty() {
        stage.passes(700).await;
        told = before_operators(&stage).await;
        ticks += 1;
        assert!(ticks < 12, "nobody is told");
    }
    assert!(ticks > 4, "a short outage is nobody's business: {ticks}");
    assert!(told.len() == 1 && told[0].contains(id(&payment)), "{told:#?}");
    assert!(told[0].contains("Capture"), "{told:#?}");
    // It is tried on, and comes right by itself.
    stage.provider.be(Mood::Normal);
    stage.passes(700).await;
    stage.is_bought(&order).await;
    stage.is_right().await;
}

/// The bank lets go of the money, or somebody cancels it at Stripe, after the ticket was sold and
/// before it is taken: somebody has to see to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_that_is_gone_is_put_before_an_operator() {
    let stage = Stage::with_sandbox().await;
    let (order, payment) = not_captured(&stage).await;
    let intent = stage.intents(&order).await[0]["id"].as_str().unwrap().to_owned();
    let url = format!("{}/v1/payment_intents/{intent}/cancel", stage.app.sandbox_url());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let key = &stage.app.variables["stripe_api_key"];
    assert!(http.post(url).bearer_auth(key).send().await.unwrap().status().is_success());
    stage.provider.be(Mood::Normal);
    stage.passes(60).await;
    let told = before_operators(&stage).await;
    assert!(told.len() == 1 && told[0].contains(id(&payment)), "{told:#?}");
    assert!(told[0].contains("nobody has paid"), "{told:#?}");
}

/// What is neither taken nor let go of for six days is about to lapse.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_that_is_about_to_lapse_is_put_before_an_operator() {
    let stage = Stage::with_sandbox().await;
    let order = stage.hold().await;
    stage.pay(&order, Card::Good).await.expect(201);
    stage.is_bought(&order).await;
    let payment = stage.buyer.taken_payment().await;
    let id = id(&payment);
    // As if its order had never ended.
    let back = format!("UPDATE payments_payments SET status = 'authorized' WHERE id = '{id}'");
    assert_eq!(stage.app.tamper(&back).await, 1);
    assert_eq!(stage.app.tamper("DELETE FROM payments_orders").await, 1);
    stage.passes(5 * DAY).await;
    assert_eq!(before_operators(&stage).await, Vec::<String>::new());
    stage.passes(DAY + 1).await;
    let told = before_operators(&stage).await;
    assert!(told.len() == 1 && told[0].contains("about to expire"), "{told:#?}");
}
