//! Sales that not everybody has heard of: those that an older program made or undid, and those from
//! before a group that reads of sales.
//!
//! An older program does not wait for a group that it does not know. So each sale notes the version that
//! its events have told; what is behind, a tick tells. Who has heard it before takes no notice.

use anyhow::Result;
use boxoffice_contract::OrderId;
use boxoffice_contract::events::kind;
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Cx, Unit, query, unit};

use crate::SERVICE;
use crate::order::{COLUMNS, Order};

/// How many sales one unit tells of.
const BATCH: usize = 100;

/// Tells a batch of sales; tells whether there may be more.
pub(crate) async fn tell(cx: &Cx) -> Result<bool> {
    // Almost always there are none: looking takes no lock.
    if Reader::new(&SERVICE).read::<(OrderId,)>(first()).await?.is_none() {
        return Ok(false);
    }
    Ok(unit::run(cx, &SERVICE, tell_batch).await? == BATCH)
}

async fn tell_batch(unit: &mut Unit<'_>) -> Result<usize> {
    let orders: Vec<Order> = unit.change_all(telling()).await?;
    for order in &orders {
        let kind = match order.status() {
            OrderStatus::Refunded => kind::OrderRefunded,
            _ => kind::OrderCompleted,
        };
        unit.emit(order.event(kind)?);
    }
    Ok(orders.len())
}

pub(crate) fn first() -> Query {
    query!(
        "SELECT id FROM orders_orders WHERE status = 'complete' AND told_version < version LIMIT 1"
    )
}

pub(crate) fn telling() -> Query {
    // What another replica is telling at this moment is left to it.
    query!(
        "WITH untold AS (SELECT id FROM orders_orders \
         WHERE status = 'complete' AND told_version < version \
         ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED) \
         UPDATE orders_orders SET told_version = version \
         WHERE id IN (SELECT id FROM untold) RETURNING {COLUMNS}"
    )
}
