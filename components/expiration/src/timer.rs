//! One timer an order, in the database.

use anyhow::Result;
use boxoffice_contract::OrderId;
use boxoffice_contract::events::{Expiration, OrderState, kind};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::db::{self, Query};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Cx, Timestamp, Unit, params, query, unit};

use crate::SERVICE;

/// How many timers one transaction fires.
const BATCH: i64 = 200;
/// A timer that fired is fired again if its order has not ended after this long, in seconds:
/// `orders` may have found the time not quite up by its own clock.
const AGAIN_AFTER_SECONDS: i64 = 60;
/// How long timers of orders that have ended are kept, in seconds: an older event of such an order
/// may still come, and must not start its timer anew.
const KEEP_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Sets or stops the timers of `orders`, each of another one, unless something newer is known. Answers
/// with the ids of those of which it did.
pub(crate) fn setting(orders: &[&OrderState]) -> Query {
    let rows = db::places(orders.len(), 4);
    let values = orders.iter().flat_map(|order| {
        let running = match order.status {
            OrderStatus::Created | OrderStatus::AwaitingPayment => true,
            OrderStatus::Complete | OrderStatus::Cancelled | OrderStatus::Refunded => false,
        };
        params![order.id, order.expires_at, order.version, running].to_vec()
    });
    query!(
        "INSERT INTO expiration_timers (order_id, expires_at, version, running) VALUES {rows} \
         ON CONFLICT (order_id) DO UPDATE SET expires_at = excluded.expires_at, \
         version = excluded.version, running = excluded.running, fired_at = NULL \
         WHERE excluded.version > expiration_timers.version RETURNING order_id"
    )
    .bind_all(values)
}

/// Fires a batch of what is due, each timer and its event in one unit; tells whether there may be
/// more.
pub(crate) async fn fire_due(cx: &Cx) -> Result<bool> {
    let fired = unit::run(cx, &SERVICE, fire_batch).await?;
    let old = Timestamp::now().plus_seconds(-KEEP_SECONDS);
    unit::change::<()>(cx, &SERVICE, forgetting(old)).await?;
    Ok(fired == BATCH)
}

async fn fire_batch(unit: &mut Unit<'_>) -> Result<i64> {
    let due = unit.change_all::<(OrderId, Timestamp)>(firing(Timestamp::now())).await?;
    let fired = i64::try_from(due.len()).unwrap_or(BATCH);
    for (order_id, expires_at) in due {
        let data = Expiration { order_id, expires_at };
        unit.emit(Event::new(kind::ExpirationComplete, &data)?);
    }
    Ok(fired)
}

pub(crate) fn firing(now: Timestamp) -> Query {
    // What another replica is firing at this moment is left to it.
    query!(
        "WITH due AS \
         (SELECT order_id FROM expiration_timers WHERE running = 1 AND expires_at <= ?1 \
         AND (fired_at IS NULL OR fired_at <= ?2) ORDER BY expires_at LIMIT ?3 \
         FOR UPDATE SKIP LOCKED) \
         UPDATE expiration_timers SET fired_at = ?1 \
         WHERE order_id IN (SELECT order_id FROM due) RETURNING order_id, expires_at",
        now,
        now.plus_seconds(-AGAIN_AFTER_SECONDS),
        BATCH
    )
}

pub(crate) fn forgetting(before: Timestamp) -> Query {
    query!("DELETE FROM expiration_timers WHERE running = 0 AND expires_at < ?1", before)
}
