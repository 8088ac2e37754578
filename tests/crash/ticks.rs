//! The tick, when there is something to heal: a crash upon a crash.

use std::time::Duration;

use boxoffice_tests::{id, post};
use serde_json::{Value, json};

use crate::operation::{Operation, every_point};
use crate::payments::{VISA, authenticated, is_paid_once, pay};
use crate::points::Side;
use crate::shop::Shop;

/// How long a hold lasts, in seconds.
const HOLD: u64 = 900;
/// After so long, in seconds, a tick asks what became of a payment.
const LOST_AFTER: u64 = 31;
/// After so long, in seconds, a tick takes care of what a crash has left behind.
const LEFT_BEHIND: u64 = 10;
/// How long an event is left to whoever was given it: `event_retry_ms` of these suites, and more.
const RETRY: Duration = Duration::from_millis(70);

/// A listing, and a hold of it at which `component` crashed as it was to make, or had made, `call`.
async fn crashed_hold(shop: &Shop, component: &str, call: &str, side: Side) -> Value {
    let ticket = shop.listing(2).await;
    shop.points.crash(component, call, side);
    let hold = json!({ "ticketId": id(&ticket), "quantity": 1 });
    shop.buyer.exchange(&post("/api/orders", hold)).await;
    assert!(shop.struck().await.is_some(), "{component} did not crash at {call}");
    ticket
}

/// Everybody knows of the hold.
async fn is_held(shop: &Shop, ticket: &Value) {
    shop.buyer.sees_ticket(ticket, json!({ "available": 1 })).await;
    let holds = "SELECT COUNT(*) FROM orders_orders WHERE ticket_id = ?1 AND status = 'created'";
    assert_eq!(shop.number(holds, id(ticket)), 1);
}

struct Expire;

impl Operation for Expire {
    type Scene = (Value, Value);
    const NAME: &'static str = "a tick that ends a hold";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let scene = shop.held().await;
        shop.app.advance(HOLD);
        scene
    }

    async fn verify(shop: &Shop, (ticket, order): &Self::Scene) {
        let expired = json!({ "status": "cancelled", "cancelReason": "expired" });
        shop.buyer.sees_order(order, expired).await;
        shop.settled().await;
        shop.buyer.sees_ticket(ticket, json!({ "available": 2 })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_ends_a_hold() {
    every_point::<Expire>().await;
}

struct Publish;

impl Operation for Publish {
    type Scene = Value;
    const NAME: &'static str = "a tick that publishes what was left in an outbox";
    const CONCERNS: &'static [&'static str] = &["orders-worker", "tickets-worker", "expiration"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let ticket = crashed_hold(shop, "orders", "redis EVAL", Side::Before).await;
        shop.app.advance(LEFT_BEHIND);
        ticket
    }

    async fn verify(shop: &Shop, ticket: &Self::Scene) {
        is_held(shop, ticket).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_publishes() {
    every_point::<Publish>().await;
}

struct Redeliver;

impl Operation for Redeliver {
    type Scene = Value;
    const NAME: &'static str = "a tick that applies what was read and never acknowledged";
    const CONCERNS: &'static [&'static str] = &["tickets-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let ticket = crashed_hold(shop, "tickets-worker", "redis XACK", Side::Before).await;
        tokio::time::sleep(RETRY).await;
        ticket
    }

    async fn verify(shop: &Shop, ticket: &Self::Scene) {
        is_held(shop, ticket).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_redelivers() {
    every_point::<Redeliver>().await;
}

struct Republish;

impl Operation for Republish {
    type Scene = Value;
    const NAME: &'static str = "a tick that publishes again what Redis lost";
    const CONCERNS: &'static [&'static str] = &["orders-worker", "tickets-worker", "expiration"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let ticket = shop.listing(2).await;
        shop.unheard(async || shop.buyer.hold(&ticket).await.expect(201)).await;
        shop.redis("FLUSHALL", &[]).await;
        shop.app.advance(LEFT_BEHIND);
        ticket
    }

    async fn verify(shop: &Shop, ticket: &Self::Scene) {
        is_held(shop, ticket).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_republishes() {
    every_point::<Republish>().await;
}

/// An event that cannot be applied goes to the dead letters, once.
struct Bury;

impl Operation for Bury {
    type Scene = ();
    const NAME: &'static str = "a tick that gives up an event";
    const CONCERNS: &'static [&'static str] = &["tickets-worker"];
    const DEAD_LETTERS: usize = 1;

    async fn prepare(shop: &Shop) -> Self::Scene {
        let event = shop.app.sealed("{}");
        let entry = shop.redis("XADD", &["order:created", "*", "event", &event]).await;
        for group in ["tickets", "expiration"] {
            let read = ["GROUP", group, "worker", "STREAMS", "order:created", ">"];
            shop.redis("XREADGROUP", &read).await;
        }
        shop.redis("XACK", &["order:created", "expiration", &entry]).await;
        // The next delivery is the eighth, and the last.
        let claim = ["order:created", "tickets", "worker", "0", &entry, "RETRYCOUNT", "7"];
        shop.redis("XCLAIM", &claim).await;
        tokio::time::sleep(RETRY).await;
    }

    async fn verify(shop: &Shop, (): &Self::Scene) {
        assert_eq!(shop.redis("XLEN", &["dead-letters"]).await, "1");
        shop.redis("DEL", &["dead-letters"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_gives_up() {
    every_point::<Bury>().await;
}

struct FindOut;

impl Operation for FindOut {
    type Scene = (Value, Value);
    const NAME: &'static str = "a tick that finds out about a payment whose answer was lost";

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order) = shop.held().await;
        lose_the_answer(shop, &order).await;
        shop.app.advance(LEFT_BEHIND);
        (ticket, order)
    }

    async fn verify(shop: &Shop, (ticket, order): &Self::Scene) {
        is_paid_once(shop, ticket, order).await;
    }
}

/// The provider sets the money aside, and `payments` crashes before it knows.
async fn lose_the_answer(shop: &Shop, order: &Value) {
    let provider = format!("http {}", shop.app.sandbox_url().trim_start_matches("http://"));
    shop.points.crash("payments", &provider, Side::After);
    shop.buyer.exchange(&pay(shop, order, VISA)).await;
    assert!(shop.struck().await.is_some(), "the provider was not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_finds_out() {
    every_point::<FindOut>().await;
}

struct GiveBack;

impl Operation for GiveBack {
    type Scene = (Value, Value);
    const NAME: &'static str = "ticks that give money back that came too late";
    const CONCERNS: &'static [&'static str] = &["payments-worker", "orders-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order) = shop.held().await;
        lose_the_answer(shop, &order).await;
        shop.buyer.cancel(&order).await.expect(204);
        shop.app.advance(LEFT_BEHIND);
        (ticket, order)
    }

    async fn verify(shop: &Shop, (ticket, order): &Self::Scene) {
        shop.buyer.sees_order(order, json!({ "status": "cancelled" })).await;
        shop.buyer.sees_ticket(ticket, json!({ "available": 2 })).await;
        for intent in shop.app.intents_of(order).await {
            let left = (&intent["amount_received"], &intent["amount_capturable"]);
            assert_eq!(left, (&json!(0), &json!(0)), "{intent:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_gives_back() {
    every_point::<GiveBack>().await;
}

struct HearFromBank;

impl Operation for HearFromBank {
    type Scene = (Value, Value);
    const NAME: &'static str = "a tick that finds out what the buyer's bank said";
    const CONCERNS: &'static [&'static str] = &["payments-worker", "orders-worker"];

    async fn prepare(shop: &Shop) -> Self::Scene {
        let (ticket, order, _) = authenticated(shop).await;
        shop.app.advance(LOST_AFTER);
        (ticket, order)
    }

    async fn verify(shop: &Shop, (ticket, order): &Self::Scene) {
        is_paid_once(shop, ticket, order).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_hears_from_the_bank() {
    every_point::<HearFromBank>().await;
}
