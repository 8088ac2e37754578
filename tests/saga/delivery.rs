//! Events lost, repeated, overtaken, poisoned; streams trimmed.

use boxoffice_tests::provider::{Mood, Provider};
use boxoffice_tests::{App, eventually, id};
use serde_json::{Value, json};

use crate::audit::{Audit, audit, everything};
use crate::bus::{self, field};
use crate::{PRICE, Stage, VISA};

/// One command to Redis.
async fn redis<T: redis::FromRedisValue>(app: &App, words: &[&str]) -> T {
    let mut connection = app.redis().await;
    redis::cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await.unwrap()
}

/// The event that ends an order because its payments were declined, which nobody sent.
fn end_of(app: &App, order: &Value) -> Value {
    let payment = json!("01980f3c-0000-7000-8000-00000000dead");
    let data = json!({
        "id": payment, "version": 2, "orderId": order["id"], "amount": order["amount"],
        "currency": order["currency"],
    });
    bus::forged(app, "payment:declined", &payment, data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_event_changes_nothing() {
    let stage = Stage::set(3).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let mut ear = redis::Client::open(app.variables["redis_url"].as_str())
        .unwrap()
        .get_async_pubsub()
        .await
        .unwrap();
    ear.subscribe(bus::streams().collect::<Vec<_>>()).await.unwrap();
    let bought = buyer.hold(ticket).await.expect(201);
    buyer.pay(&bought, VISA).await.expect(201);
    buyer.sees_order(&bought, json!({ "status": "complete" })).await;
    let given_up = other.hold(ticket).await.expect(201);
    other.cancel(&given_up).await.expect(204);
    let run_out = other.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    app.advance(900);
    app.tick().await;
    other.sees_order(&run_out, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
    let held = other.hold(ticket).await.expect(201);
    audit(app).await;
    // What everyone heard, which the streams may have been trimmed of.
    let mut sent: Vec<Value> = Vec::new();
    {
        use futures::StreamExt;
        let mut messages = ear.on_message();
        let pause = std::time::Duration::from_millis(300);
        while let Ok(Some(message)) = tokio::time::timeout(pause, messages.next()).await {
            sent.push(serde_json::from_slice(message.get_payload_bytes()).unwrap());
        }
    }
    assert!(sent.len() >= 10, "{sent:#?}");
    let before = everything(app);
    for event in &sent {
        bus::send(app, event).await;
    }
    // And in the opposite order: the oldest comes last.
    for event in sent.iter().rev() {
        bus::send(app, event).await;
    }
    for stream in bus::streams().filter(|stream| *stream != "ticket:updated") {
        if !bus::unread(app, stream).await.is_empty() {
            bus::done(app, stream).await;
        }
    }
    assert_eq!(everything(app), before);
    audit(app).await;
    other.sees_order(&held, json!({ "status": "created", "version": 1 })).await;
    assert_eq!(app.sandbox_intents().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_event_never_undoes_a_newer_one() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    let created = bus::event_of(app, "order:created", &order).await;
    buyer.pay(&order, VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
    let listed = bus::event_of(app, "ticket:created", ticket).await;
    audit(app).await;
    let before = everything(app);
    // The order as it was when it was made, told again as news of each kind.
    for name in ["order:created", "order:cancelled", "order:completed"] {
        let mut stale = created.clone();
        stale["type"] = json!(name);
        bus::send(app, &stale).await;
        bus::done(app, name).await;
    }
    let mut cheaper = listed.clone();
    cheaper["data"]["price"] = json!(1);
    cheaper["data"]["quantity"] = json!(1000);
    for name in ["ticket:created", "ticket:updated"] {
        cheaper["type"] = json!(name);
        bus::send(app, &cheaper).await;
        bus::done(app, name).await;
    }
    assert_eq!(everything(app), before);
    other.hold(ticket).await.refuses(409, "sold");
    seller.sees_ticket(ticket, json!({ "status": "sold" })).await;
    audit(app).await;
}

/// News of a later state comes before the order is known at all.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_may_be_heard_before_the_beginning() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    // Scripts may append but not publish: the event gets into its stream, its doorbell is lost.
    bus::forbid(app, "xadd").await;
    let order = buyer.hold(ticket).await.expect(201);
    buyer.cancel(&order).await.expect(204);
    bus::allow(app, "xadd").await;
    assert!(bus::events(app, "order:created").await.is_empty());
    let outbox = |name: &str| -> Value {
        let sql = "SELECT body FROM orders_outbox WHERE type = ?1";
        let body: String = app.database().query_row(sql, [name], |row| row.get(0)).unwrap();
        serde_json::from_str(&body).unwrap()
    };
    let (created, cancelled) = (outbox("order:created"), outbox("order:cancelled"));
    bus::send(app, &cancelled).await;
    bus::done(app, "order:cancelled").await;
    stage.shows(1, "open").await;
    bus::send(app, &created).await;
    bus::done(app, "order:created").await;
    stage.shows(1, "open").await;
    audit(app).await;
    stage.shows(1, "open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_hears_what_no_doorbell_told() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    bus::append(app, &end_of(app, &order)).await;
    buyer.sees_order(&order, json!({ "status": "created" })).await;
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "declined" })).await;
    stage.shows(1, "open").await;
    audit(app).await;
}

/// Redis takes the events and rings no doorbell, for a whole purchase.
#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_without_doorbells() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    bus::forbid(app, "publish").await;
    let order = buyer.hold(ticket).await.expect(201);
    buyer.pay(&order, VISA).await.shows(201, json!({ "payment": { "status": "authorized" } }));
    bus::allow(app, "publish").await;
    app.advance(3);
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    stage.shows(0, "sold").await;
    audit(app).await;
    assert_eq!(app.sandbox_intents().await.len(), 1);
}

/// A reader takes an event and is never heard of again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_crashed_reader_left_is_done_by_another() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    app.tick().await;
    let entry = bus::append(app, &end_of(app, &order)).await;
    let taken: redis::Value = redis(
        app,
        &[
            "XREADGROUP",
            "GROUP",
            "orders",
            "crashed",
            "COUNT",
            "9",
            "STREAMS",
            "payment:declined",
            ">",
        ],
    )
    .await;
    assert!(format!("{taken:?}").contains(&entry), "{taken:?}");
    assert_eq!(bus::unread(app, "payment:declined").await, [("orders".to_owned(), 1)]);
    // Nobody takes it from a reader that may be at work on it still (event_retry_ms is 50).
    eventually(
        "the event is claimed",
        async || {
            app.tick().await;
            bus::unread(app, "payment:declined").await
        },
        |left| left[0].1 == 0,
    )
    .await;
    buyer.sees_order(&order, json!({ "status": "cancelled", "cancelReason": "declined" })).await;
    stage.shows(1, "open").await;
    audit(app).await;
}

/// What cannot be applied is tried eight times and then laid aside, with why; what comes after it
/// is not held up for a moment.
#[tokio::test(flavor = "multi_thread")]
async fn poison_goes_to_the_dead_letters() {
    // What is no event of anybody's is tried only where codes are not required.
    let stage = Stage::set_in(App::start_with([("event_macs", "optional")]).await, 2).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let first = buyer.hold(ticket).await.expect(201);
    bus::done(app, "order:created").await;
    let nonsense = bus::append_raw(app, "payment:created", &[("event", b"{ not json")]).await;
    let data = json!({ "id": "no uuid", "amount": "a lot" });
    let untrue = bus::forged(app, "payment:created", &ticket["id"], data);
    let untrue_entry = bus::append(app, &untrue).await;
    let fields: [(&str, &[u8]); 2] = [("event", b"{}"), ("and", b"more")];
    let misshapen = bus::append_raw(app, "payment:created", &fields).await;
    let bytes = bus::append_raw(app, "payment:created", &[("event", b"\xff\x00\"\xfe")]).await;
    // The poison lies before this payment in the stream, and is read with it.
    buyer.pay(&first, VISA).await.expect(201);
    buyer.sees_order(&first, json!({ "status": "complete" })).await;
    assert!(bus::dead_letters(app).await.is_empty(), "it was given up too soon");
    let mut ticks = 0;
    eventually(
        "the poison is laid aside",
        async || {
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            app.tick().await;
            ticks += 1;
            bus::dead_letters(app).await.len()
        },
        |letters| *letters == 4,
    )
    .await;
    assert!((7..=9).contains(&ticks), "it was tried once, and then {ticks} times more");
    let second = other.hold(ticket).await.expect(201);
    other.pay(&second, VISA).await.expect(201);
    other.sees_order(&second, json!({ "status": "complete" })).await;
    let letters = bus::dead_letters(app).await;
    let mut entries: Vec<&str> = letters.iter().map(|letter| field(letter, "entry")).collect();
    entries.sort();
    let mut due = vec![nonsense.as_str(), &untrue_entry, &misshapen, &bytes];
    due.sort();
    assert_eq!(entries, due);
    for letter in &letters {
        assert_eq!(field(letter, "stream"), "payment:created");
        assert_eq!(field(letter, "group"), "orders");
        assert_eq!(field(letter, "deliveries"), "8");
        assert_eq!(field(letter, "at"), app.time(0));
        assert!(!field(letter, "error").is_empty());
        if field(letter, "entry") == nonsense {
            assert_eq!(field(letter, "event"), "{ not json");
        }
        if field(letter, "entry") == untrue_entry {
            let mut event: Value = serde_json::from_str(field(letter, "event")).unwrap();
            event.as_object_mut().unwrap().remove("mac");
            assert_eq!(event, untrue);
        }
    }
    Audit { dead_letters: 4, ..Audit::default() }.check(app).await;
}

/// What many events say is written by one statement; that one of them comes twice, or is none, is nothing
/// to the others.
#[tokio::test(flavor = "multi_thread")]
async fn many_events_are_handled_together() {
    let stage = Stage::set(9).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let second = seller.list(json!({ "price": PRICE, "quantity": 9 })).await.expect(201);
    bus::done(app, "ticket:created").await;
    let available = json!({ "available": 6, "status": "open" });
    bus::forbid(app, "xreadgroup").await;
    let hold_six = async || {
        let mut orders = Vec::new();
        for nth in 0..6_usize {
            let listing = if nth.is_multiple_of(2) { ticket } else { &second };
            orders.push(buyer.hold(listing).await.expect(201));
        }
        orders
    };
    let orders = hold_six().await;
    let repeated = bus::event_of(app, "order:created", &orders[1]).await;
    bus::append(app, &repeated).await;
    bus::allow(app, "xreadgroup").await;
    app.tick().await;
    bus::done(app, "order:created").await;
    stage.shows(6, "open").await;
    buyer.sees_ticket(&second, available.clone()).await;

    bus::forbid(app, "xreadgroup").await;
    let more = hold_six().await;
    let given_up = &more[0];
    bus::append_raw(app, "order:created", &[("event", b"{ not json")]).await;
    bus::allow(app, "xreadgroup").await;
    app.tick().await;
    stage.shows(3, "open").await;
    buyer.sees_ticket(&second, json!({ "available": 3, "status": "open" })).await;
    buyer.cancel(given_up).await.expect(204);
    stage.shows(4, "open").await;
    let letters = async || {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        app.tick().await;
        bus::dead_letters(app).await.len()
    };
    eventually("what is none is laid aside by both groups", letters, |count| *count == 2).await;
    other.hold(&second).await.expect(201);
    bus::done(app, "order:created").await;
    Audit { dead_letters: 2, ..Audit::default() }.check(app).await;
}

/// A worker that has no time for all that it has read gives the rest back: it counts for nothing
/// that this was delivered, and the next tick has it at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_no_time_for_is_given_back() {
    let (provider, mut app) = Provider::with_shop().await;
    // What is delivered and not given back is not tried again as long as this test lasts.
    app.variables.insert("event_retry_ms".into(), "600000".into());
    app.restart().await;
    let stage = Stage::set_in(app, 12).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let mut orders = Vec::new();
    for _ in 0..12 {
        orders.push(buyer.hold(ticket).await.expect(201));
    }
    bus::forbid(app, "xreadgroup").await;
    for order in &orders {
        buyer.pay(order, VISA).await.expect(201);
    }
    provider.be(Mood::Slow);
    bus::allow(app, "xreadgroup").await;
    app.tick().await;
    for order in &orders {
        buyer.sees_order(order, json!({ "status": "complete" })).await;
    }
    // The provider lets the worker wait for four seconds, which is more than it has for all. Eight are
    // at work at once.
    let given_back = async || -> Vec<(String, String, u64, u64)> {
        redis(app, &["XPENDING", "order:completed", "payments", "-", "+", "9"]).await
    };
    let all = |entries: &Vec<(String, String, u64, u64)>| {
        entries.len() == 4 && entries.iter().all(|(.., idle, times)| *idle > 9_999 && *times == 0)
    };
    eventually("four of twelve are given back", given_back, all).await;
    provider.be(Mood::Normal);
    app.tick().await;
    bus::done(app, "order:completed").await;
    app.advance(60);
    audit(app).await;
    assert!(app.sandbox_intents().await.iter().all(|intent| intent["status"] == "succeeded"));
}

/// What every group has done is gone; what one of them has not done stays, and all after it.
#[tokio::test(flavor = "multi_thread")]
async fn streams_are_trimmed_behind_what_everyone_has_done() {
    let stage = Stage::set(9).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    for _ in 0..3 {
        let order = buyer.hold(ticket).await.expect(201);
        buyer.cancel(&order).await.expect(204);
    }
    let bought = buyer.hold(ticket).await.expect(201);
    buyer.pay(&bought, VISA).await.expect(201);
    buyer.sees_order(&bought, json!({ "status": "complete" })).await;
    let left = async || {
        app.tick().await;
        let mut left = Vec::new();
        for stream in bus::streams_with_readers() {
            let count: usize = redis(app, &["XLEN", stream]).await;
            if count > 0 {
                left.push((stream, count));
            }
        }
        left
    };
    eventually("streams hold nothing that is done", left, Vec::is_empty).await;
    // Nobody has to read these: they are kept for whoever is curious.
    assert_eq!(bus::events(app, "payment:captured").await.len(), 1);

    // A group that has had an event and not acknowledged it, and one that has not had it at all.
    let _: () = redis(app, &["XGROUP", "CREATE", "order:cancelled", "accounting", "$"]).await;
    for _ in 0..2 {
        let order = buyer.hold(ticket).await.expect(201);
        buyer.cancel(&order).await.expect(204);
        bus::event_of(app, "order:cancelled", &order).await;
    }
    let both = async || {
        app.tick().await;
        bus::events(app, "order:cancelled").await.len()
    };
    for _ in 0..3 {
        assert_eq!(both().await, 2, "accounting has had neither");
    }
    let read = ["XREADGROUP", "GROUP", "accounting", "clerk", "STREAMS", "order:cancelled", ">"];
    let _: redis::Value = redis(app, &read).await;
    for _ in 0..3 {
        assert_eq!(both().await, 2, "accounting has acknowledged neither");
    }
    let entries = bus::entries(app, "order:cancelled", "-").await;
    let _: i64 = redis(app, &["XACK", "order:cancelled", "accounting", &entries[0].0]).await;
    eventually("the first is gone", both, |count| *count == 1).await;
    for _ in 0..3 {
        assert_eq!(both().await, 1, "accounting has not acknowledged the second");
    }
    let _: i64 = redis(app, &["XACK", "order:cancelled", "accounting", &entries[1].0]).await;
    eventually("the second is gone", both, |count| *count == 0).await;
    audit(app).await;
}

/// `orders` says that an order has ended after all, though its money was taken: it is given back.
#[tokio::test(flavor = "multi_thread")]
async fn money_taken_for_an_order_that_ended_is_given_back() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    buyer.pay(&order, VISA).await.expect(201);
    let captured = async || bus::events(app, "payment:captured").await.len();
    eventually("the money is taken", captured, |count| *count == 1).await;
    let complete = buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let data = json!({
        "id": order["id"], "version": complete["version"].as_i64().unwrap() + 1,
        "status": "cancelled", "buyerId": buyer.account["id"], "ticketId": ticket["id"],
        "quantity": 1, "amount": PRICE, "currency": "EUR", "expiresAt": order["expiresAt"],
        "paymentId": null,
    });
    bus::send(app, &bus::forged(app, "order:cancelled", &order["id"], data.clone())).await;
    let refunded = async || bus::events(app, "payment:refunded").await;
    let refunded = eventually("the money is given back", refunded, |e| !e.is_empty()).await;
    assert_eq!(refunded[0]["data"]["orderId"], order["id"]);
    assert_eq!(refunded[0]["data"]["amount"], PRICE);
    // Told again, it is not given back again.
    bus::send(app, &bus::forged(app, "order:cancelled", &order["id"], data)).await;
    bus::done(app, "order:cancelled").await;
    app.advance(60);
    app.tick().await;
    let sql = "SELECT kind, amount FROM movements ORDER BY seq";
    let ledger = rusqlite::Connection::open(app.ledger()).unwrap();
    let mut statement = ledger.prepare(sql).unwrap();
    let movements: Vec<(String, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let kinds: Vec<&str> = movements.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["authorize", "capture", "refund"]);
    assert!(movements.iter().all(|(_, amount)| *amount == PRICE), "{movements:?}");
    // It was not the word of orders, which hears from payments alone: to it a sale was undone.
    buyer.sees_order(&order, json!({ "status": "refunded" })).await;
    bus::done(app, "order:refunded").await;
    // The others know an end that never was, of the same version.
    let (order_id, ticket_id) = (id(&order), id(ticket));
    let told = format!("UPDATE tickets_orders SET status = 'complete' WHERE id = '{order_id}'");
    assert_eq!(app.tamper(&told).await, 1);
    let counted = format!("UPDATE tickets_tickets SET sold = 1 WHERE id = '{ticket_id}'");
    assert_eq!(app.tamper(&counted).await, 1);
    let given_back = vec![id(&order).to_owned()];
    Audit { given_back, ..Audit::default() }.check(app).await;
}
