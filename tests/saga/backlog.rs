//! Many events at once: of orders that nobody has made, as `orders` would have told of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use boxoffice_tests::{App, START, workers};
use serde_json::json;

/// The streams that a backlog is in.
pub(crate) const STREAMS: [&str; 2] = ["order:created", "order:cancelled"];

/// Puts the events of `orders` orders into the outbox of `orders`, unpublished: each order is made
/// and cancelled. They are orders of `listings` listings, and numbered from `from`. The shop
/// must have had a tick before.
pub(crate) async fn pile_up(app: &App, from: usize, orders: usize, listings: usize) {
    let created = (START - 60) * 1000;
    let ticket = |n: usize| format!("01989999-0000-7000-8000-{n:012x}");
    let listed = (0..listings).map(|n| {
        format!("('{}', '', 'Many', 4500, 'EUR', 1000000, 'many', {created}, 1)", ticket(n))
    });
    let columns = "tickets_tickets (id, seller_id, title, price, currency, quantity, words, \
                   created_at, version)";
    insert(app, columns, listed.collect()).await;
    let event = |name: &str, digit: u8, version: u8, status: &str, n: usize| {
        let id = format!("0198{digit:04}-0000-7000-8000-{n:012x}");
        let subject = format!("01980000-0000-7000-8000-{n:012x}");
        let ticket = ticket(n % listings);
        let body = json!({
            "specversion": "1.0", "id": id, "source": "/boxoffice/orders", "type": name,
            "subject": subject, "time": "2030-03-01T12:00:00Z",
            "datacontenttype": "application/json",
            "data": {
                "id": subject, "version": version, "status": status, "buyerId": ticket,
                "ticketId": ticket, "quantity": 1, "amount": 4500, "currency": "EUR",
                "expiresAt": "2040-01-01T00:00:00Z", "paymentId": null,
            },
        });
        format!("('{id}', '{name}', '{body}', {})", created + (n - from) as u64)
    };
    let columns = "orders_outbox (id, type, body, created_at)";
    for (name, digit, version, status) in
        [("order:created", 1, 1, "created"), ("order:cancelled", 2, 2, "cancelled")]
    {
        let rows = (from..from + orders).map(|n| event(name, digit, version, status, n));
        insert(app, columns, rows.collect()).await;
    }
}

/// Stores `rows`, unless they are there; not all at once, since a statement has its longest.
async fn insert(app: &App, columns: &str, rows: Vec<String>) {
    for rows in rows.chunks(500) {
        let rows = rows.join(", ");
        app.tamper(&format!("INSERT INTO {columns} VALUES {rows} ON CONFLICT (id) DO NOTHING"))
            .await;
    }
}

/// Fires ticks, one when the one before is done with, until everybody has done everything and the
/// outbox of `orders` is empty; how long that took and how many ticks.
pub(crate) async fn drain(app: &App, patience: Duration) -> (Duration, usize) {
    let (start, mut ticks) = (Instant::now(), 0);
    loop {
        tick(app).await;
        ticks += 1;
        let mut left = outbox(app);
        for stream in STREAMS {
            left += lag(app, stream).await;
        }
        if left == 0 {
            return (start.elapsed(), ticks);
        }
        assert!(start.elapsed() < patience, "{left} still to do after {ticks} ticks");
    }
}

/// A tick, which may take as long as one with a backlog does.
async fn tick(app: &App) {
    let mut redis = app.redis().await;
    let _: () = redis::cmd("DEL").arg("boxoffice:ticks").query_async(&mut redis).await.unwrap();
    let start = Instant::now();
    app.host().fire_cron().await.unwrap();
    loop {
        let ticked: usize =
            redis::cmd("HLEN").arg("boxoffice:ticks").query_async(&mut redis).await.unwrap();
        if ticked == workers().len() {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "only {ticked} workers have ticked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How many events the outbox of `orders` has.
pub(crate) fn outbox(app: &App) -> i64 {
    let sql = "SELECT COUNT(*) FROM orders_outbox";
    app.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// How many entries the groups of `stream` have not had, or had and not acknowledged.
async fn lag(app: &App, stream: &str) -> i64 {
    let mut redis = app.redis().await;
    let groups: redis::RedisResult<Vec<HashMap<String, redis::Value>>> =
        redis::cmd("XINFO").arg(&["GROUPS", stream]).query_async(&mut redis).await;
    let number = |group: &HashMap<String, redis::Value>, name: &str| -> i64 {
        // Redis cannot say how far a group lags that has read entries from before it was made.
        redis::from_redis_value_ref(&group[name]).unwrap_or(1)
    };
    let groups = groups.unwrap_or_default();
    groups.iter().map(|group| number(group, "lag") + number(group, "pending")).sum()
}

/// What was sold and paid for long ago costs a tick nothing. While a tick works on it, nobody else is
/// served.
#[tokio::test(flavor = "multi_thread")]
async fn a_tick_takes_no_longer_for_all_that_was_sold() {
    const SOLD: usize = 20_000;
    let app = App::start().await;
    app.tick().await;
    let numbers = format!(
        "WITH RECURSIVE numbers (n) AS (\
             SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {SOLD}) SELECT "
    );
    let orders = format!(
        "INSERT INTO payments_orders (id, status, payment_id, version) \
         {numbers} 'o' || n, 'complete', 'p' || n, 3 FROM numbers"
    );
    let payments = format!(
        "INSERT INTO payments_payments (id, order_id, buyer_id, amount, currency, token, status, \
             intent_id, try_again_at, created_at, version) \
         {numbers} 'p' || n, 'o' || n, '', 4500, 'EUR', '', 'captured', 'i' || n, 0, 0, 3 \
         FROM numbers"
    );
    assert_eq!(app.tamper(&orders).await, SOLD);
    assert_eq!(app.tamper(&payments).await, SOLD);
    let start = Instant::now();
    app.tick().await;
    assert!(start.elapsed() < Duration::from_secs(3), "a tick took {:?}", start.elapsed());
}

/// A measurement: run it with `--ignored --nocapture`. How long a backlog takes that nobody has
/// published yet, by its size and by how many listings it is about.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, which takes minutes"]
async fn how_long_a_backlog_takes() {
    for (events, listings) in [(10_000, 1_000), (100_000, 1_000), (10_000, 1), (100_000, 1)] {
        let app = App::start().await;
        app.tick().await;
        pile_up(&app, 0, events / 2, listings).await;
        let (took, ticks) = drain(&app, Duration::from_secs(1_800)).await;
        let each = took.as_secs_f64() * 1e6 / events as f64;
        println!(
            "{events} events of {listings} listings: {:.1} s, {ticks} ticks, {each:.0} µs each",
            took.as_secs_f64()
        );
    }
}
