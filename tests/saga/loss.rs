//! Redis forgets: all, or the last of it. Whatever it was told is in the outboxes until everybody
//! has had it.

use boxoffice_contract::EventType;
use boxoffice_tests::{App, Surroundings, eventually, id};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::bus;
use crate::{HOLD, Stage, VISA, backlog};
use boxoffice_tests::provider::{Mood, Provider};

/// What the shop does while Redis loses its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shop {
    Runs,
    IsStopped,
}

const EITHER_WAY: [Shop; 2] = [Shop::Runs, Shop::IsStopped];

impl Stage {
    /// Has Redis lose data by `lose`, and start again.
    async fn after(&mut self, lose: impl FnOnce(&mut Surroundings), shop: Shop) {
        if shop == Shop::IsStopped {
            self.app.stop().await;
        }
        lose(&mut self.app);
        self.app.start_redis();
        match shop {
            Shop::Runs => bus::listens(&self.app).await,
            Shop::IsStopped => self.restart().await,
        }
    }
}

/// One row's only number.
fn number(app: &App, sql: &str) -> i64 {
    app.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// How many entries `group` has of `stream` that it was given and has not acknowledged; with
/// `reader`, after giving it all that it has not had.
async fn given(app: &App, stream: &str, group: &str, reader: Option<&str>) -> usize {
    let mut redis = app.redis().await;
    if let Some(reader) = reader {
        let words = ["GROUP", group, reader, "COUNT", "9999", "STREAMS", stream, ">"];
        let _: redis::Value =
            redis::cmd("XREADGROUP").arg(&words).query_async(&mut redis).await.unwrap();
    }
    let pending: (usize, redis::Value, redis::Value, redis::Value) =
        redis::cmd("XPENDING").arg(&[stream, group]).query_async(&mut redis).await.unwrap();
    pending.0
}

/// Lets `group` of `stream` not have had anything.
async fn rewind(app: &App, stream: &str, group: &str) {
    let mut redis = app.redis().await;
    let words = ["SETID", stream, group, "0"];
    let _: () = redis::cmd("XGROUP").arg(&words).query_async(&mut redis).await.unwrap();
}

/// Everything is lost while events are at every place on their way.
#[tokio::test(flavor = "multi_thread")]
async fn all_is_lost_in_the_midst_of_everything() {
    for shop in EITHER_WAY {
        let (provider, app) = Provider::with_shop().await;
        let mut stage = Stage::set_in(app, 9).await;
        let Stage { app, seller, buyer, other, ticket } = &stage;
        // Complete, but payments has not heard so: the money is about to be taken.
        let complete = buyer.hold(ticket).await.expect(201);
        bus::done(app, "order:created").await;
        bus::forbid(app, "xreadgroup").await;
        buyer.pay(&complete, VISA).await.expect(201);
        provider.be(Mood::Deaf);
        bus::allow(app, "xreadgroup").await;
        bus::ring(app, &json!({ "type": "payment:created" })).await;
        buyer.sees_order(&complete, json!({ "status": "complete" })).await;
        bus::done(app, "order:completed").await;
        let heard = format!("DELETE FROM payments_orders WHERE id = '{}'", id(&complete));
        assert_eq!(app.tamper(&heard).await, 1);
        // Had by tickets, and not by expiration.
        let had_by_one = buyer.hold(ticket).await.expect(201);
        bus::done(app, "order:created").await;
        let timer = "DELETE FROM expiration_timers WHERE order_id";
        let timer = format!("{timer} = '{}'", id(&had_by_one));
        assert_eq!(app.tamper(&timer).await, 1);
        // Applied by both, acknowledged by neither.
        bus::forbid(app, "xack").await;
        let unacknowledged = other.hold(ticket).await.expect(201);
        stage.shows(6, "open").await;
        let timers = format!(
            "SELECT COUNT(*) FROM expiration_timers WHERE order_id = '{}'",
            id(&unacknowledged)
        );
        eventually("it has its timer", async || number(app, &timers), |count| *count == 1).await;
        bus::allow(app, "xack").await;
        // Authorized, and nobody has read so; given to a reader that crashed; read by nobody.
        let paid = other.hold(ticket).await.expect(201);
        stage.shows(5, "open").await;
        provider.be(Mood::Normal);
        bus::forbid(app, "xreadgroup").await;
        other.pay(&paid, VISA).await.expect(201);
        let crashed = buyer.hold(ticket).await.expect(201);
        bus::event_of(app, "order:created", &crashed).await;
        bus::allow(app, "xreadgroup").await;
        assert!(given(app, "order:created", "tickets", Some("crashed")).await >= 1);
        bus::forbid(app, "xreadgroup").await;
        let unread = other.hold(ticket).await.expect(201);
        bus::event_of(app, "order:created", &unread).await;
        let unheard_of = seller.list(json!({ "title": "Unheard of" })).await.expect(201);
        // Published nowhere yet.
        bus::forbid(app, "xadd").await;
        let unpublished = buyer.hold(ticket).await.expect(201);
        rewind(app, "order:created", "expiration").await;
        rewind(app, "order:completed", "payments").await;
        let lost = "SELECT COUNT(*) FROM orders_outbox WHERE published_at IS NOT NULL";
        assert_eq!(number(app, lost), 7, "six orders made and one complete");
        assert_eq!(number(app, "SELECT COUNT(*) FROM orders_outbox"), 8);

        stage.after(Surroundings::lose_redis, shop).await;
        let app = &stage.app;
        audit(app).await;
        for order in [&had_by_one, &unacknowledged, &crashed, &unread, &unpublished] {
            assert_eq!(status(app, order), "created", "{shop:?}");
        }
        assert_eq!(
            (status(app, &complete), status(app, &paid)),
            ("complete".into(), "complete".into())
        );
        stage.shows(2, "open").await;
        for intent in app.sandbox_intents().await {
            assert_eq!(intent["status"], "succeeded", "{shop:?}: {intent:#}");
        }
        groups_are_there(app).await;
        app.advance(60);
        app.tick().await;
        let outboxes = "SELECT (SELECT COUNT(*) FROM orders_outbox) \
            + (SELECT COUNT(*) FROM tickets_outbox) + (SELECT COUNT(*) FROM payments_outbox)";
        let left = async || {
            app.tick().await;
            number(app, outboxes)
        };
        eventually("everybody has had everything", left, |left| *left == 0).await;
        // Timers that were set before, and those that were not, fire.
        app.advance(HOLD);
        app.tick().await;
        stage.shows(7, "open").await;
        audit(app).await;
        for order in [&had_by_one, &unacknowledged, &crashed, &unread, &unpublished] {
            assert_eq!(status(app, order), "cancelled", "{shop:?}");
        }
        stage.buyer.hold(&unheard_of).await.expect(201);
        audit(&stage.app).await;
    }
}

/// How `orders` says that an order stands.
fn status(app: &App, order: &Value) -> String {
    let sql = "SELECT status FROM orders_orders WHERE id = ?1";
    app.database().query_row(sql, [id(order)], |row| row.get(0)).unwrap()
}

/// Checks that every stream has the groups that must read it, and no others.
async fn groups_are_there(app: &App) {
    let is_read = |event_type: &EventType| !event_type.groups().is_empty();
    // Nothing is told of these here, so their streams are not there.
    let is_told = |event_type: &EventType| {
        !matches!(event_type, EventType::OrderExtended | EventType::ExpirationComplete)
    };
    for event_type in EventType::ALL.into_iter().filter(is_read).filter(is_told) {
        let groups = bus::unread(app, event_type.name()).await;
        let mut names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut due = event_type.groups().to_vec();
        due.sort_unstable();
        assert_eq!(names, due, "{}", event_type.name());
    }
}

/// What everybody has had is done with: it is not told again, lost or not.
#[tokio::test(flavor = "multi_thread")]
async fn what_everybody_has_had_is_not_told_again() {
    let mut stage = Stage::set(3).await;
    let order = stage.buyer.hold(&stage.ticket).await.expect(201);
    stage.buyer.pay(&order, VISA).await.expect(201);
    stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
    audit(&stage.app).await;
    let left = async || {
        stage.app.tick().await;
        number(&stage.app, "SELECT COUNT(*) FROM orders_outbox")
    };
    eventually("everybody has had everything", left, |left| *left == 0).await;
    stage.after(Surroundings::lose_redis, Shop::Runs).await;
    audit(&stage.app).await;
    for stream in bus::streams() {
        assert_eq!(bus::events(&stage.app, stream).await, [Value::Null; 0], "{stream}");
    }
}

/// Redis crashes and has not written down the last that it was told. It goes on from there, and
/// gives to others the ids that it gave before.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_it_is_lost() {
    for shop in EITHER_WAY {
        let mut stage = Stage::set(5).await;
        let Stage { app, buyer, other, ticket, .. } = &stage;
        let before = buyer.hold(ticket).await.expect(201);
        bus::done(app, "order:created").await;
        let copy = app.copy_redis();
        // Heard by everybody; heard by nobody.
        let given_up = other.hold(ticket).await.expect(201);
        other.cancel(&given_up).await.expect(204);
        bus::done(app, "order:cancelled").await;
        bus::forbid(app, "xreadgroup").await;
        buyer.pay(&before, VISA).await.expect(201);
        let after = other.hold(ticket).await.expect(201);
        bus::event_of(app, "order:created", &after).await;
        let sql = "SELECT entry_ms || '-' || entry_seq FROM orders_outbox WHERE body LIKE ?1";
        let like = format!("%\"subject\":\"{}\"%", id(&after));
        // It is there for all to read before it is marked as published.
        let entry = async || -> Option<String> {
            app.database().query_row(sql, [like.as_str()], |row| row.get(0)).unwrap()
        };
        let entry = eventually("it is marked", entry, Option::is_some).await.unwrap();

        stage.after(|around| around.set_back_redis(&copy), shop).await;
        let Stage { app, buyer, other, ticket, .. } = &stage;
        let known = bus::entries(app, "order:created", "-").await;
        assert!(known.iter().all(|(id, _)| *id != entry), "it is lost");
        let stale = bus::field(&known[0], "event").to_owned();
        let mut redis = app.redis().await;
        let words = ["order:created", &entry, "event", &stale];
        let _: String = redis::cmd("XADD").arg(&words).query_async(&mut redis).await.unwrap();
        audit(app).await;
        buyer.sees_order(&before, json!({ "status": "complete" })).await;
        other.sees_order(&after, json!({ "status": "created" })).await;
        buyer.sees_ticket(ticket, json!({ "available": 3 })).await;
        app.advance(HOLD);
        app.tick().await;
        other.sees_order(&after, json!({ "status": "cancelled", "cancelReason": "expired" })).await;
        stage.shows(4, "open").await;
        audit(app).await;
    }
}

/// One group is far behind, and Redis loses its last second: the others hear of it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_behind_keeps_nobody_from_hearing_what_was_lost() {
    let app = App::start_with([("event_retry_ms", "600000")]).await;
    let mut stage = Stage::set_in(app, 3).await;
    let app = &stage.app;
    app.tick().await;
    backlog::pile_up(app, 0, 600, 10).await;
    bus::forbid(app, "xreadgroup").await;
    let published = "SELECT COUNT(*) FROM orders_outbox WHERE published_at IS NOT NULL";
    let publish = async || {
        app.tick().await;
        number(app, published)
    };
    eventually("all are published", publish, |count| *count == 1_200).await;
    // Nobody is still about to answer a doorbell when this one is done.
    app.tick().await;
    bus::allow(app, "xreadgroup").await;
    // A reader of expiration takes all and is not heard of for longer than this test.
    for stream in backlog::STREAMS {
        assert_eq!(given(app, stream, "expiration", Some("crashed")).await, 600);
    }
    app.tick().await;
    app.tick().await;
    assert_eq!(number(app, published), 1_200, "they wait for expiration");
    let copy = app.copy_redis();
    bus::forbid(app, "xreadgroup").await;
    stage.buyer.hold(&stage.ticket).await.expect(201);
    let of_the_hold = "SELECT COUNT(*) FROM orders_outbox WHERE published_at IS NOT NULL";
    eventually("it is published", async || number(app, of_the_hold), |n| *n == 1_201).await;

    stage.after(|around| around.set_back_redis(&copy), Shop::Runs).await;
    stage.app.advance(3);
    stage.app.tick().await;
    stage.shows(2, "open").await;
    let mut redis = stage.app.redis().await;
    let compared: Option<String> = redis::cmd("HGET")
        .arg(&["boxoffice:compared", "order:created"])
        .query_async(&mut redis)
        .await
        .unwrap();
    assert!(compared.is_some(), "what waits is not looked at again and again");
}

/// Two hosts find out at the same time what was lost, and both publish it: once, not for ever.
#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_make_good_what_was_lost() {
    let mut stage = Stage::set(9).await;
    let second = Surroundings::host(&stage.app).await;
    for _ in 0..3 {
        stage.buyer.hold(&stage.ticket).await.expect(201);
    }
    bus::forbid(&stage.app, "xreadgroup").await;
    for _ in 0..3 {
        stage.buyer.hold(&stage.ticket).await.expect(201);
    }
    let published = "SELECT COUNT(*) FROM orders_outbox WHERE published_at IS NOT NULL";
    eventually("all is published", async || number(&stage.app, published), |n| *n == 6).await;
    stage.after(Surroundings::lose_redis, Shop::Runs).await;
    let app = &stage.app;
    app.advance(3);
    // One tick is heard by both hosts.
    let mut redis = app.redis().await;
    let listeners = async || -> i64 {
        let words = ["NUMSUB", "clock:tick"];
        let (_, count): (String, i64) =
            redis::cmd("PUBSUB").arg(&words).query_async(&mut redis).await.unwrap();
        count
    };
    eventually("both hosts listen", listeners, |count| *count == 2).await;
    let left = async || {
        app.tick().await;
        number(app, "SELECT COUNT(*) FROM orders_outbox")
    };
    eventually("everybody has had everything", left, |left| *left == 0).await;
    stage.shows(3, "open").await;
    audit(app).await;
    let told = bus::last_entry(app, "order:created").await;
    for _ in 0..5 {
        app.tick().await;
    }
    assert_eq!(bus::last_entry(app, "order:created").await, told, "nothing is told any more");
    second.shutdown(std::time::Duration::from_secs(5)).await;
}

/// A group that is gone has had nothing, and is made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_dropped_is_waited_for() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    app.tick().await;
    bus::forbid(app, "xreadgroup").await;
    bus::forbid(app, "xgroup|create").await;
    let mut redis = app.redis().await;
    let words = ["DESTROY", "order:created", "tickets"];
    let dropped: i64 = redis::cmd("XGROUP").arg(&words).query_async(&mut redis).await.unwrap();
    assert_eq!(dropped, 1);
    let order = buyer.hold(ticket).await.expect(201);
    bus::event_of(app, "order:created", &order).await;
    bus::allow(app, "xreadgroup").await;
    for _ in 0..3 {
        app.tick().await;
        assert_eq!(bus::unread(app, "order:created").await, [("expiration".to_owned(), 0)]);
        assert_eq!(number(app, "SELECT COUNT(*) FROM orders_outbox"), 1, "tickets has not had it");
    }
    bus::allow(app, "xgroup|create").await;
    app.tick().await;
    stage.shows(1, "open").await;
    audit(app).await;
    let left = async || {
        app.tick().await;
        number(app, "SELECT COUNT(*) FROM orders_outbox")
    };
    eventually("everybody has had it", left, |left| *left == 0).await;
}
