//! Holds whose time is up.

use boxoffice_tests::{App, eventually};
use futures::future::join;
use serde_json::{Value, json};

use crate::audit::audit;
use crate::bus;
use crate::{HOLD, PRICE, Stage, VISA};
use boxoffice_tests::provider::{Mood, Provider};

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_runs_out_goes_back_on_sale() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    app.advance(HOLD - 1);
    app.tick().await;
    bus::done(app, "order:created").await;
    other.hold(ticket).await.refuses(409, "reserved");
    buyer.sees_order(&order, json!({ "status": "created" })).await;
    app.advance(1);
    app.tick().await;
    let ended =
        buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
    assert_eq!(ended["version"], 2, "{ended:#}");
    // Before the next tick trims what everyone has had.
    let event = bus::event_of(app, "expiration:complete", &json!({ "id": order["id"] })).await;
    assert_eq!(event["data"]["expiresAt"], order["expiresAt"], "{event:#}");
    stage.shows(1, "open").await;
    buyer.pay(&order, VISA).await.refuses(409, "cancelled");
    let second = other.hold(ticket).await.expect(201);
    other.pay(&second, VISA).await.expect(201);
    other.sees_order(&second, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
    audit(app).await;
    assert_eq!(app.sandbox_intents().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_due_runs_out() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let first = buyer.hold(ticket).await.expect(201);
    app.advance(HOLD / 2);
    let second = other.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    app.advance(HOLD / 2);
    app.tick().await;
    buyer.sees_order(&first, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
    stage.shows(1, "open").await;
    other.sees_order(&second, json!({ "status": "created" })).await;
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bought_does_not_run_out() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    buyer.pay(&order, VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    app.advance(2 * HOLD);
    audit(app).await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
    assert!(bus::events(app, "expiration:complete").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_says_how_long_a_hold_lasts() {
    let app = App::start_with([("hold_seconds", "60")]).await;
    let stage = Stage::set_in(app, 1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.shows(201, json!({ "expiresAt": app.time(60) })).body;
    bus::done(app, "order:created").await;
    app.advance(59);
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "created" })).await;
    app.advance(1);
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
    stage.shows(1, "open").await;
    audit(app).await;
}

/// No tick has come yet: the order is still held, but nobody can pay for it any more.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_pays_for_a_hold_whose_time_is_up() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    app.advance(HOLD);
    buyer.pay(&order, VISA).await.refuses(409, "expired");
    assert!(app.sandbox_intents().await.is_empty());
    audit(app).await;
    buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
}

/// The provider thinks for so long that the hold ends meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_too_late_is_given_up() {
    let (provider, app) = Provider::with_shop().await;
    let stage = Stage::set_in(app, 1).await;
    let order = pay_too_late(&stage, &provider, Mood::Normal).await;
    let Stage { app, other, ticket, .. } = &stage;
    let next = other.hold(ticket).await.expect(201);
    audit(app).await;
    is_given_up(app, &order).await;
    other.pay(&next, VISA).await.expect(201);
    other.sees_order(&next, json!({ "status": "complete" })).await;
    audit(app).await;
}

/// The same, and then the provider is gone: the money can only be given up later, but that nobody
/// has bought anything is known now.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_too_late_is_given_up_when_the_provider_is_back() {
    let (provider, app) = Provider::with_shop().await;
    let stage = Stage::set_in(app, 1).await;
    let order = pay_too_late(&stage, &provider, Mood::Deaf).await;
    let Stage { app, .. } = &stage;
    let intents = app.intents_of(&order).await;
    assert!(intents.iter().all(|i| i["status"] == "requires_capture"), "{intents:#?}");
    provider.be(Mood::Normal);
    app.advance(60);
    audit(app).await;
    is_given_up(app, &order).await;
}

/// Buys a ticket of a provider that answers when the hold has ended, and then is in that `mood`.
/// Nobody has bought anything, and the answer says so.
async fn pay_too_late(stage: &Stage, provider: &Provider, mood: Mood) -> Value {
    let Stage { app, buyer, ticket, .. } = stage;
    let order = buyer.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    provider.be(Mood::Slow);
    let end = async {
        let intents = async || app.intents_of(&order).await.len();
        eventually("the money is set aside", intents, |count| *count == 1).await;
        app.advance(HOLD);
        app.tick().await;
        let ended = json!({ "status": "cancelled", "cancelReason": "expired" });
        buyer.sees_order(&order, ended).await;
        provider.be(mood);
    };
    let (answer, ()) = join(buyer.pay(&order, VISA), end).await;
    answer.refuses(409, "ended");
    order
}

/// Checks that the money for `order` was set aside once and never taken, and that everyone hears.
async fn is_given_up(app: &App, order: &Value) {
    let intents = app.intents_of(order).await;
    let [intent] = &intents[..] else { panic!("{intents:#?}") };
    assert_eq!(intent["status"], "canceled", "{intent:#}");
    assert_eq!(intent["amount_received"], 0, "{intent:#}");
    let voided = bus::events(app, "payment:voided").await;
    assert_eq!(voided.len(), 1, "{voided:#?}");
    assert_eq!(voided[0]["data"]["orderId"], order["id"]);
    assert_eq!(voided[0]["data"]["amount"], PRICE);
}
