//! One timer an order, in the database.

use anyhow::Result;
use boxoffice_contract::OrderId;
use boxoffice_contract::events::{Expiration, OrderState, kind};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::db::{self, Connection, Read, Transaction, Value};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Timestamp, Trace, params};

use crate::SERVICE;

/// How many timers one transaction fires.
const BATCH: i64 = 200;
/// A timer that fired is fired again if its order has not ended after this long, in seconds:
/// `orders` may have found the time not quite up by its own clock.
const AGAIN_AFTER_SECONDS: i64 = 60;
/// How long timers of orders that have ended are kept, in seconds: an older event of such an order
/// may still come, and must not start its timer anew.
const KEEP_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Sets or stops the timers of `orders`, each another one, unless something newer is known; answers with
/// those of which it did.
pub(crate) async fn set(orders: &[&OrderState]) -> Result<Vec<OrderId>> {
    let sql = format!(
        "INSERT INTO expiration_timers (order_id, expires_at, version, running) VALUES {} \
         ON CONFLICT (order_id) DO UPDATE SET expires_at = excluded.expires_at, \
         version = excluded.version, running = excluded.running, fired_at = NULL \
         WHERE excluded.version > expiration_timers.version RETURNING order_id",
        db::places(orders.len(), 4)
    );
    let mut params: Vec<Value> = Vec::with_capacity(orders.len() * 4);
    for order in orders {
        let running = match order.status {
            OrderStatus::Created | OrderStatus::AwaitingPayment => 1,
            OrderStatus::Complete | OrderStatus::Cancelled | OrderStatus::Refunded => 0,
        };
        params.extend_from_slice(params![order.id, order.expires_at, order.version, running]);
    }
    let rows = Connection::open(&SERVICE).await?.query(&sql, &params).await?;
    Ok(rows.iter().map(|row| row.get("order_id")).collect::<db::Result<_>>()?)
}

/// Fires a batch of what is due, each timer and its event in one transaction; tells whether there
/// may be more.
pub(crate) async fn fire_due() -> Result<bool> {
    let fired = fire_batch().await?;
    let connection = Connection::open(&SERVICE).await?;
    let old = Timestamp::now().plus_seconds(-KEEP_SECONDS);
    let sql = "DELETE FROM expiration_timers WHERE running = 0 AND expires_at < ?1";
    connection.query(sql, params![old]).await?;
    Ok(fired == BATCH)
}

async fn fire_batch() -> Result<i64> {
    let now = Timestamp::now();
    // What another replica is firing at this moment is left to it.
    let sql = "WITH due AS \
               (SELECT order_id FROM expiration_timers WHERE running = 1 AND expires_at <= ?1 \
                AND (fired_at IS NULL OR fired_at <= ?2) ORDER BY expires_at LIMIT ?3 \
                FOR UPDATE SKIP LOCKED) \
               UPDATE expiration_timers SET fired_at = ?1 \
               WHERE order_id IN (SELECT order_id FROM due) RETURNING order_id, expires_at";
    let again = now.plus_seconds(-AGAIN_AFTER_SECONDS);
    let mut transaction = Transaction::begin(&SERVICE, Trace::NONE).await?;
    let rows = transaction.query(sql, params![now, again, BATCH]).await?;
    for row in &rows {
        let data =
            Expiration { order_id: row.get("order_id")?, expires_at: row.get("expires_at")? };
        transaction.emit(Event::new(kind::ExpirationComplete, &data)?);
    }
    transaction.commit().await?;
    Ok(i64::try_from(rows.len()).unwrap_or(BATCH))
}
