//! What must be true of a shop at the end of every test, whatever happened before.
//!
//! The books of all services are laid beside one another and beside the payment sandbox's ledger.
//! A rule is a query that answers with what breaks it.

use std::time::{Duration, Instant};

use boxoffice_tests::App;
use rusqlite::Connection;
use rusqlite::types::Value as Sql;

use crate::bus::{self, STREAMS};

/// How long everything may take to be as it must.
const PATIENCE: Duration = Duration::from_secs(20);

const RULES: &[(&str, &str)] = &[
    (
        "no more is held and sold than there is",
        "SELECT ticket_id, held, sold, quantity FROM orders_listings \
         WHERE held < 0 OR sold < 0 OR held + sold > quantity",
    ),
    (
        "what is held are the tickets of orders that hold, what is sold those of complete ones",
        "SELECT l.ticket_id, l.held, l.sold FROM orders_listings l WHERE \
         l.held <> (SELECT COALESCE(SUM(o.quantity), 0) FROM orders_orders o \
                    WHERE o.ticket_id = l.ticket_id AND o.status IN ('created', 'awaiting:payment')) \
         OR l.sold <> (SELECT COALESCE(SUM(o.quantity), 0) FROM orders_orders o \
                       WHERE o.ticket_id = l.ticket_id AND o.status = 'complete')",
    ),
    (
        "an order costs its tickets",
        "SELECT id, price, quantity, amount FROM orders_orders WHERE amount <> price * quantity",
    ),
    (
        "orders knows every listing as its seller wrote it",
        "SELECT t.id, t.price, l.price, t.quantity, l.quantity FROM tickets_tickets t \
         LEFT JOIN orders_listings l ON l.ticket_id = t.id WHERE l.ticket_id IS NULL \
         OR (t.title, t.price, t.currency, t.quantity, t.withdrawn) \
            <> (l.title, l.price, l.currency, l.quantity, l.withdrawn)",
    ),
    (
        "a listing shows what orders knows to be held and sold",
        "SELECT t.id, t.held, l.held, t.sold, l.sold FROM tickets_tickets t \
         JOIN orders_listings l ON l.ticket_id = t.id WHERE t.held <> l.held OR t.sold <> l.sold",
    ),
    (
        "tickets knows how every order stands",
        "SELECT o.id, o.status, r.status FROM orders_orders o \
         LEFT JOIN tickets_orders r ON r.id = o.id WHERE r.id IS NULL \
         OR replace(r.status, 'awaiting:payment', 'created') \
            <> replace(o.status, 'awaiting:payment', 'created')",
    ),
    (
        "a timer runs for every hold, and for nothing else",
        "SELECT o.id, o.status, t.running FROM orders_orders o \
         LEFT JOIN expiration_timers t ON t.order_id = o.id \
         WHERE t.running IS NOT (o.status IN ('created', 'awaiting:payment'))",
    ),
    (
        "a complete order has been paid once, in full",
        "SELECT o.id, o.amount FROM orders_orders o WHERE o.status = 'complete' \
         AND NOT o.id IN (SELECT value FROM json_each(?1)) \
         AND ((SELECT COUNT(*) FROM payments_payments p WHERE p.order_id = o.id \
               AND p.id = o.payment_id AND p.status = 'captured' AND p.amount = o.amount \
               AND p.currency = o.currency) <> 1 \
              OR (SELECT COUNT(*) FROM payments_payments p WHERE p.order_id = o.id \
                  AND p.status IN ('pending', 'authorized', 'captured')) <> 1)",
    ),
    (
        "money is taken for complete orders only",
        "SELECT p.id, p.order_id, o.status FROM payments_payments p \
         LEFT JOIN orders_orders o ON o.id = p.order_id WHERE p.status = 'captured' \
         AND (o.status, o.payment_id) IS NOT ('complete', p.id)",
    ),
    (
        "nothing stays set aside for an order that has ended",
        "SELECT p.id, p.status, o.status FROM payments_payments p \
         JOIN orders_orders o ON o.id = p.order_id \
         WHERE p.status IN ('pending', 'authorized') AND o.status IN ('complete', 'cancelled')",
    ),
    (
        "the ledger says of every payment what payments says",
        "SELECT p.id, p.status, i.body ->> 'status' FROM payments_payments p \
         LEFT JOIN ledger.payment_intents i ON i.id = p.intent_id \
         WHERE p.status NOT IN ('pending', 'declined') AND (\
           i.id IS NULL OR i.body ->> 'amount' <> p.amount \
           OR i.body ->> 'currency' <> lower(p.currency) \
           OR i.body -> 'metadata' ->> 'order_id' <> p.order_id \
           OR i.body ->> 'status' <> CASE p.status WHEN 'authorized' THEN 'requires_capture' \
                WHEN 'voided' THEN 'canceled' ELSE 'succeeded' END \
           OR i.body ->> 'amount_received' <> \
              CASE WHEN p.status IN ('captured', 'refunded') THEN p.amount ELSE 0 END \
           OR (SELECT COALESCE(SUM(amount), 0) FROM ledger.movements m \
               WHERE m.intent = i.id AND m.kind = 'refund') \
              <> CASE p.status WHEN 'refunded' THEN p.amount ELSE 0 END)",
    ),
    (
        "no money moves that payments does not know of",
        "SELECT m.intent, m.kind, m.amount FROM ledger.movements m \
         WHERE m.intent NOT IN (SELECT intent_id FROM payments_payments \
                                WHERE intent_id IS NOT NULL)",
    ),
    (
        "a payment is authorized at most once",
        "SELECT i.body -> 'metadata' ->> 'payment_id' AS payment, COUNT(*) FROM ledger.movements m \
         JOIN ledger.payment_intents i ON i.id = m.intent WHERE m.kind = 'authorize' \
         GROUP BY payment HAVING COUNT(*) > 1",
    ),
    (
        "what is committed is published",
        "SELECT 'tickets', type FROM tickets_outbox WHERE published_at IS NULL \
         UNION ALL SELECT 'orders', type FROM orders_outbox WHERE published_at IS NULL \
         UNION ALL SELECT 'payments', type FROM payments_outbox WHERE published_at IS NULL \
         UNION ALL SELECT 'expiration', type FROM expiration_outbox WHERE published_at IS NULL",
    ),
];

/// Checks a shop in which nothing out of the ordinary is left over.
pub(crate) async fn audit(app: &App) {
    Audit::default().check(app).await;
}

/// What is left over in a shop on purpose.
#[derive(Default)]
pub(crate) struct Audit {
    /// How many dead letters there are.
    pub(crate) dead_letters: usize,
    /// Orders that are complete though their money was given back.
    pub(crate) given_back: Vec<String>,
}

impl Audit {
    /// Lets the shop come to rest by ticks, and checks every rule.
    pub(crate) async fn check(&self, app: &App) {
        // Far enough for the outboxes to count as left behind.
        app.advance(3);
        let start = Instant::now();
        loop {
            app.tick().await;
            let faults = self.faults(app).await;
            if faults.is_empty() {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the audit found:\n{}", faults.join("\n"));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn faults(&self, app: &App) -> Vec<String> {
        let database = app.database();
        let ledger = app.ledger();
        database.execute("ATTACH ?1 AS ledger", [ledger.to_str()]).unwrap();
        let given_back = format!("{:?}", self.given_back);
        let mut faults = Vec::new();
        for (rule, sql) in RULES {
            for row in rows(&database, sql, &given_back) {
                faults.push(format!("{rule}: {row}"));
            }
        }
        let letters = bus::dead_letters(app).await.len();
        if letters != self.dead_letters {
            faults.push(format!("there are {letters} dead letters, not {}", self.dead_letters));
        }
        for stream in STREAMS {
            for (group, left) in bus::unread(app, stream).await {
                if left > 0 {
                    faults.push(format!("{group} has {left} events of {stream} to do"));
                }
            }
        }
        faults
    }
}

fn rows(database: &Connection, sql: &str, given_back: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let read = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|column| row.get::<_, Sql>(column));
        Ok(format!("{:?}", values.collect::<Result<Vec<_>, _>>()?))
    };
    let params: &[&str] = if statement.parameter_count() == 1 { &[given_back] } else { &[] };
    statement
        .query_map(rusqlite::params_from_iter(params), read)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Everything that the services know, to compare: what an event that changes nothing must leave as
/// it is.
pub(crate) fn everything(app: &App) -> Vec<String> {
    let tables = [
        "tickets_tickets",
        "tickets_orders",
        "orders_listings",
        "orders_orders",
        "payments_payments",
        "payments_orders",
        "expiration_timers",
    ];
    let database = app.database();
    let all = |table: &str| rows(&database, &format!("SELECT * FROM {table} ORDER BY 1"), "");
    tables.iter().flat_map(|table| all(table)).collect()
}
