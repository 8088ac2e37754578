//! What the events of orders change here: how many tickets of a listing are held and sold.

use anyhow::Result;
use boxoffice_common::db::{Read, Transaction};
use boxoffice_common::events::contract::{OrderState, OrderStatus};
use boxoffice_common::events::worker::Handler;
use boxoffice_common::events::{Deadline, Event, EventType, Outcome};
use boxoffice_common::{Service, Trace, params};

use crate::ticket::{COUNTS, NEXT_VERSION, recounted};
use crate::{SERVICE, pages};

/// This service's side of the events.
pub(crate) struct Tickets;

impl Handler for Tickets {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(event: &Event) -> Result<Outcome> {
        match event.event_type {
            EventType::OrderCreated
            | EventType::OrderCancelled
            | EventType::OrderCompleted
            | EventType::OrderRefunded => replicate(&event.data()?, event.trace()).await,
            other => anyhow::bail!("tickets has no use for {}", other.name()),
        }
    }

    async fn tick(_: Deadline) -> Result<bool> {
        Ok(false)
    }
}

/// What an order does to its listing's counts. Tickets of a refunded order that did not go back on
/// sale count as sold still, or a listing would offer what `orders` refuses to hold. As `complete`
/// they stay in the index that adds up what is sold, whose condition knows that word alone.
fn counted_as(order: &OrderState) -> OrderStatus {
    match order.status {
        OrderStatus::Refunded if !order.restocked => OrderStatus::Complete,
        status => status,
    }
}

/// Takes over an order's state, unless a newer one is known, and counts its listing anew.
async fn replicate(order: &OrderState, trace: Trace) -> Result<Outcome> {
    let mut transaction = Transaction::begin(&SERVICE, trace).await?;
    // The listing first: of two events of its orders at once, the second waits here, and then sees
    // the first one's order when it adds up.
    let lock = "SELECT id FROM tickets_tickets WHERE id = ?1 FOR UPDATE";
    transaction.lock(lock, params![order.ticket_id]).await?;
    let sql = "INSERT INTO tickets_orders (id, ticket_id, quantity, status, version) \
               VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version \
               WHERE excluded.version > tickets_orders.version RETURNING id";
    let status = counted_as(order).name();
    let row = params![order.id, order.ticket_id, order.quantity, status, order.version];
    if transaction.first(sql, row).await?.is_none() {
        return Ok(Outcome::Stale);
    }
    // Added up anew, not changed by one order's share: whatever was wrong is right with the next
    // event. The statuses are written out, as in the indexes' conditions:
    // with parameters in their place the indexes would not be used.
    let count = format!(
        "UPDATE tickets_tickets SET {NEXT_VERSION}, \
         held = (SELECT COALESCE(SUM(quantity), 0) FROM tickets_orders \
                 WHERE ticket_id = ?1 AND status IN ('created', 'awaiting:payment')), \
         sold = (SELECT COALESCE(SUM(quantity), 0) FROM tickets_orders \
                 WHERE ticket_id = ?1 AND status = 'complete') \
         WHERE id = ?1 RETURNING {COUNTS}"
    );
    if let Some(row) = transaction.first(&count, params![order.ticket_id]).await? {
        transaction.tell(recounted(&row)?);
    }
    transaction.commit().await?;
    pages::forget().await?;
    Ok(Outcome::Applied)
}
