//! Without Redis, without the provider, without its answer.

use boxoffice_tests::{App, eventually, id, post};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::bus;
use crate::{HOLD, PRICE, Stage, VISA};
use boxoffice_tests::provider::{Mood, Provider};

/// What buyers see does not depend on Redis; what follows from it happens when Redis is back.
#[tokio::test(flavor = "multi_thread")]
async fn the_shop_goes_on_without_redis() {
    let mut stage = Stage::set(3).await;
    stage.app.stop_redis();
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let newcomer = app.sign_up().await;
    let listed = seller.list(json!({ "price": 100, "quantity": 2 })).await.expect(201);
    let bought = buyer.hold(ticket).await.expect(201);
    let given_up = other.hold(ticket).await.expect(201);
    let held = newcomer.hold(&listed).await.expect(201);
    other.cancel(&given_up).await.expect(204);
    buyer
        .pay(&bought, VISA)
        .await
        .shows(201, json!({ "payment": { "status": "authorized", "amount": PRICE } }));
    assert!(app.host().fire_cron().await.is_err(), "a tick without Redis is noticed");
    buyer.sees_order(&bought, json!({ "status": "awaiting:payment" })).await;

    stage.app.start_redis();
    let Stage { app, buyer, ticket, .. } = &stage;
    bus::listens(app).await;
    app.advance(3);
    app.tick().await;
    buyer.sees_order(&bought, json!({ "status": "complete" })).await;
    stage.shows(2, "open").await;
    buyer.sees_ticket(&listed, json!({ "available": 1 })).await;
    audit(app).await;
    newcomer.sees_order(&held, json!({ "status": "created" })).await;
    // And from now on at once, without a tick.
    let order = buyer.hold(ticket).await.expect(201);
    buyer.pay(&order, VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    audit(app).await;
}

/// Redis forgets nothing that it has been told, and is away while a hold runs out.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_runs_out_while_redis_is_away() {
    let mut stage = Stage::set(2).await;
    let first = stage.buyer.hold(&stage.ticket).await.expect(201);
    bus::done(&stage.app, "order:created").await;
    stage.app.stop_redis();
    // Authorized in time, but nobody hears of it before the time is up.
    let second = stage.other.hold(&stage.ticket).await.expect(201);
    stage.other.pay(&second, VISA).await.expect(201);
    stage.app.advance(HOLD + 1);
    stage.app.start_redis();
    let Stage { app, buyer, other, .. } = &stage;
    bus::listens(app).await;
    audit(app).await;
    buyer.sees_order(&first, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
    // Paid or expired: whichever was decided first, and the audit has found the books in order.
    let order = other.get(&format!("/api/orders/{}", id(&second))).await.expect(200);
    let sold = i64::from(order["status"] == "complete");
    assert!(sold == 1 || order["cancelReason"] == "expired", "{order:#}");
    buyer.sees_ticket(&stage.ticket, json!({ "available": 2 - sold })).await;
}

/// A shop whose provider stands behind a proxy.
async fn with_provider() -> (Stage, Provider) {
    let (provider, app) = Provider::with_shop().await;
    (Stage::set_in(app, 1).await, provider)
}

async fn only_intent(app: &App) -> Value {
    let mut intents = app.sandbox_intents().await;
    assert_eq!(intents.len(), 1, "{intents:#?}");
    intents.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_found_out() {
    let (stage, provider) = with_provider().await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    provider.be(Mood::Mute);
    buyer.pay(&order, VISA).await.refuses(503, "payment_pending");
    assert_eq!(only_intent(app).await["status"], "requires_capture");
    provider.be(Mood::Normal);
    // Nobody pays twice because of it.
    buyer.pay(&order, "pm_card_mastercard").await.refuses(409, "payment_pending");
    app.advance(31);
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
    audit(app).await;
    let intent = only_intent(app).await;
    assert_eq!(
        (&intent["status"], &intent["amount_received"]),
        (&json!("succeeded"), &json!(PRICE))
    );
}

/// Without a word from the provider the buyer asks the same again, and gets the same payment.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_finds_out_as_well() {
    let (stage, provider) = with_provider().await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    let wish = json!({ "orderId": id(&order), "token": VISA });
    let request = post("/api/payments", wish).key("one-and-only");
    provider.be(Mood::Mute);
    buyer.send(&request).await.refuses(503, "payment_pending");
    buyer.send(&request).await.refuses(503, "payment_pending");
    provider.be(Mood::Normal);
    let first = buyer.send(&request).await.expect(201);
    let again = buyer.send(&request).await;
    assert!(again.is_replay(), "{again}");
    assert_eq!(again.expect(201), first);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    audit(app).await;
    only_intent(app).await;
}

/// The provider never heard of it. The hold runs out before anyone finds out.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_reached() {
    let (stage, provider) = with_provider().await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    provider.be(Mood::Deaf);
    buyer.pay(&order, VISA).await.refuses(503, "payment_pending");
    assert!(app.sandbox_intents().await.is_empty());
    app.advance(HOLD);
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
    let next = other.hold(ticket).await.expect(201);
    provider.be(Mood::Normal);
    app.advance(601);
    audit(app).await;
    other.pay(&next, VISA).await.expect(201);
    other.sees_order(&next, json!({ "status": "complete" })).await;
    audit(app).await;
    let taken: i64 =
        app.intents_of(&order).await.iter().filter_map(|i| i["amount_received"].as_i64()).sum();
    assert_eq!(taken, 0);
}

/// The order is complete, and the provider does not answer when the money is to be taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_fails_is_done_later() {
    for mood in [Mood::Deaf, Mood::Mute] {
        let (stage, provider) = with_provider().await;
        let Stage { app, buyer, ticket, .. } = &stage;
        let order = buyer.hold(ticket).await.expect(201);
        // The payment is heard of only when the provider is gone.
        bus::forbid(app, "xadd").await;
        buyer.pay(&order, VISA).await.shows(201, json!({ "payment": { "status": "authorized" } }));
        provider.be(mood);
        bus::allow(app, "xadd").await;
        app.advance(3);
        app.tick().await;
        buyer.sees_order(&order, json!({ "status": "complete" })).await;
        bus::done(app, "order:completed").await;
        assert!(bus::events(app, "payment:captured").await.is_empty());
        provider.be(Mood::Normal);
        app.advance(60);
        app.tick().await;
        let captured = async || bus::events(app, "payment:captured").await.len();
        eventually("the money is taken", captured, |count| *count == 1).await;
        audit(app).await;
        assert_eq!(only_intent(app).await["amount_received"], PRICE);
    }
}
