//! Dead letters in an operator's hands, and the bus as an operator sees it.

use std::time::Duration;

use boxoffice_ops::bus::{Bus, Letter};
use boxoffice_ops::status::{self, GroupStatus, Status, StreamStatus};
use boxoffice_tests::{App, eventually, id};
use serde_json::{Value, json};

use crate::audit::{Audit, audit, everything};
use crate::{Stage, bus};

fn bus_of(app: &App) -> Bus {
    app.sources().bus
}

async fn letters(app: &App) -> Vec<Letter> {
    bus_of(app).dead_letters().await.unwrap()
}

/// Ticks until there are so many dead letters.
async fn dead(app: &App, count: usize) -> Vec<Letter> {
    let tried = async || {
        tokio::time::sleep(Duration::from_millis(60)).await;
        app.tick().await;
        letters(app).await
    };
    eventually("it is laid aside", tried, |letters| letters.len() == count).await
}

/// Lays `event` aside as if `group` could not apply it.
async fn lay_aside(app: &App, event: &Value, group: &str) -> String {
    let event_text = app.sealed(&event.to_string());
    let fields: [(&str, &[u8]); 5] = [
        ("stream", event["type"].as_str().unwrap().as_bytes()),
        ("group", group.as_bytes()),
        ("event", event_text.as_bytes()),
        ("deliveries", b"8"),
        ("error", b"it was a bad day"),
    ];
    bus::append_raw(app, "dead-letters", &fields).await
}

/// An order that tickets could not hear of, since its table took no rows, is heard of by a replay
/// once it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_applies_what_can_be_applied_by_now() {
    let stage = Stage::set(3).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    audit(app).await;
    app.tamper("ALTER TABLE tickets_orders RENAME TO elsewhere").await;
    let order = buyer.hold(ticket).await.expect(201);
    let [letter] = &dead(app, 1).await[..] else { panic!("one letter") };
    assert_eq!((letter.stream.as_str(), letter.group.as_str()), ("order:created", "tickets"));
    assert!(letter.error.contains("tickets_orders"), "{letter:?}");
    assert_eq!(letter.about().1.as_deref(), Some(id(&order)));
    stage.shows(3, "open").await;

    app.tamper("ALTER TABLE elsewhere RENAME TO tickets_orders").await;
    let replayed = bus_of(app).replay(&letter.id).await.unwrap().unwrap();
    assert_eq!(replayed.stream, "order:created");
    // No tick: the doorbell was rung.
    stage.shows(2, "open").await;
    assert_eq!(letters(app).await, []);
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_comes_back_and_nonsense_is_not_replayed() {
    // What is no event of anybody's is tried only where codes are not required.
    let stage = Stage::set_in(App::start_with([("event_macs", "optional")]).await, 1).await;
    let app = &stage.app;
    let untrue = bus::forged(app, "payment:created", &stage.ticket["id"], json!({ "amount": "a" }));
    bus::append(app, &untrue).await;
    let nonsense = bus::append_raw(app, "payment:created", &[("event", b"{ not json")]).await;
    let first = dead(app, 2).await;
    let (poison, nonsense) =
        if first[0].entry == nonsense { (&first[1], &first[0]) } else { (&first[0], &first[1]) };
    bus_of(app).replay(&poison.id).await.unwrap().unwrap();
    let refusal = bus_of(app).replay(&nonsense.id).await.unwrap().unwrap_err();
    assert!(refusal.why.contains("drop it instead"), "{refusal}");
    let again = dead(app, 2).await;
    assert_eq!(again[0], *nonsense, "what was refused lies where it lay");
    assert_eq!(again[1].event, poison.event);
    assert_eq!(again[1].deliveries, "8");
    assert_ne!(again[1].id, poison.id);
    Audit { dead_letters: 2, ..Audit::default() }.check(app).await;

    for letter in &again {
        bus_of(app).drop_letter(&letter.id).await.unwrap().unwrap();
    }
    let gone = bus_of(app).drop_letter(&nonsense.id).await.unwrap().unwrap_err();
    assert!(gone.why.contains("this dead letter does not exist"), "{gone}");
    audit(app).await;
}

/// The stream of a letter has several groups, and all but one have had the event.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_what_everyone_has_had_changes_nothing() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    let created = bus::event_of(app, "order:created", &order).await;
    buyer.cancel(&order).await.expect(204);
    audit(app).await;
    let before = everything(app);
    for group in ["tickets", "expiration"] {
        let letter = lay_aside(app, &created, group).await;
        bus_of(app).replay(&letter).await.unwrap().unwrap();
    }
    bus::done(app, "order:created").await;
    assert_eq!(everything(app), before);
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_replays_of_one_letter_are_one() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    let created = bus::event_of(app, "order:created", &order).await;
    audit(app).await;
    // A group that never acknowledges, so that nothing is trimmed.
    let mut redis = app.redis().await;
    let create = ["CREATE", "order:created", "onlooker", "$"];
    let _: () = redis::cmd("XGROUP").arg(&create).query_async(&mut redis).await.unwrap();
    let before = bus::events(app, "order:created").await.len();
    let letter = lay_aside(app, &created, "tickets").await;
    let operator = bus_of(app);
    let all = futures::future::join_all((0..20).map(|_| operator.replay(&letter))).await;
    let replayed = all.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_ok()).count();
    assert_eq!(replayed, 1);
    assert_eq!(bus::events(app, "order:created").await.len(), before + 1);
    audit(app).await;
}

/// A Redis that takes no event keeps the letter; one that rings no doorbell only costs time.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_loses_nothing_when_redis_refuses() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let order = buyer.hold(ticket).await.expect(201);
    let created = bus::event_of(app, "order:created", &order).await;
    audit(app).await;
    let letter = lay_aside(app, &created, "tickets").await;
    let mut redis = app.redis().await;
    let mut allow = async |rule: &str| {
        let words = ["SETUSER", "default", rule];
        let _: () = redis::cmd("ACL").arg(&words).query_async(&mut redis).await.unwrap();
    };
    allow("-xadd").await;
    bus_of(app).replay(&letter).await.unwrap_err();
    allow("+xadd").await;
    assert_eq!(letters(app).await.len(), 1);
    allow("-publish").await;
    bus_of(app).replay(&letter).await.unwrap().unwrap();
    allow("+publish").await;
    assert_eq!(letters(app).await, []);
    audit(app).await;
}

async fn status(app: &App) -> Status {
    status::status(&bus_of(app), Some(&app.databases())).await.unwrap()
}

fn stream<'a>(status: &'a Status, name: &str) -> &'a StreamStatus {
    status.streams.iter().find(|stream| stream.name == name).unwrap()
}

fn group<'a>(stream: &'a StreamStatus, name: &str) -> &'a GroupStatus {
    stream.groups.iter().find(|group| group.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_counts_what_is_left_to_do() {
    let stage = Stage::set(1).await;
    let app = &stage.app;
    audit(app).await;
    let seen = status(app).await;
    assert_eq!(seen.streams.len(), bus::streams().count());
    assert_eq!(seen.dead_letters, 0);
    assert!(seen.ticks.iter().all(|tick| tick.at.is_some()), "{:?}", seen.ticks);
    let outboxes = seen.outboxes.unwrap();
    assert_eq!(outboxes.iter().map(|outbox| outbox.waiting).sum::<u64>(), 0);

    // Nobody is told of these: no doorbell, no tick. One of them is deleted again, so that Redis
    // does not know how many the group has not had.
    let mut redis = app.redis().await;
    let mut entries = Vec::new();
    for _ in 0..700 {
        let event = bus::forged(app, "payment:declined", &stage.ticket["id"], json!({}));
        entries.push(bus::append(app, &event).await);
    }
    let _: i64 = redis::cmd("XDEL")
        .arg("payment:declined")
        .arg(&entries[3])
        .query_async(&mut redis)
        .await
        .unwrap();
    let read = ["GROUP", "orders", "crashed", "COUNT", "2", "STREAMS", "payment:declined", ">"];
    let _: redis::Value =
        redis::cmd("XREADGROUP").arg(&read).query_async(&mut redis).await.unwrap();
    let seen = status(app).await;
    let declined = stream(&seen, "payment:declined");
    assert_eq!(declined.length, 699);
    let orders = group(declined, "orders");
    assert_eq!((orders.lag, orders.pending, orders.required), (697, 2, true));
    assert!(orders.oldest_seconds.is_some_and(|age| age < 60), "{orders:?}");

    let destroy = ["DESTROY", "payment:declined", "orders"];
    let _: i64 = redis::cmd("XGROUP").arg(&destroy).query_async(&mut redis).await.unwrap();
    let create = ["CREATE", "payment:declined", "onlooker", "0"];
    let _: () = redis::cmd("XGROUP").arg(&create).query_async(&mut redis).await.unwrap();
    let seen = status(app).await;
    let declined = stream(&seen, "payment:declined");
    assert_eq!(declined.missing_groups, ["orders"]);
    let onlooker = group(declined, "onlooker");
    assert_eq!((onlooker.lag, onlooker.pending, onlooker.required), (699, 0, false));

    let row = "INSERT INTO orders_outbox (id, type, body, created_at) \
               VALUES ('e', 'order:created', '{}', 0)";
    assert_eq!(app.tamper(row).await, 1);
    let outboxes = status(app).await.outboxes.unwrap();
    let orders = outboxes.iter().find(|outbox| outbox.service == "orders").unwrap();
    assert_eq!(orders.waiting, 1);
    assert!(orders.oldest_seconds.is_some());
}
