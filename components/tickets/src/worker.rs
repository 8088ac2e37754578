//! What the events of orders change here: how many tickets of a listing are held and sold.

use anyhow::Result;
use boxoffice_common::db::Transaction;
use boxoffice_common::events::contract::{OrderState, OrderStatus};
use boxoffice_common::events::worker::Handler;
use boxoffice_common::events::{Deadline, Event, EventType, Outcome};
use boxoffice_common::{Service, params};

use crate::SERVICE;

/// This service's side of the events.
pub(crate) struct Tickets;

impl Handler for Tickets {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(event: &Event) -> Result<Outcome> {
        match event.event_type {
            EventType::OrderCreated | EventType::OrderCancelled | EventType::OrderCompleted => {
                replicate(&event.data()?).await
            }
            other => anyhow::bail!("tickets has no use for {}", other.name()),
        }
    }

    async fn tick(_: Deadline) -> Result<bool> {
        Ok(false)
    }
}

/// Takes over an order's state, unless a newer one is known, and counts its tickets in its listing.
///
/// Only what changes is counted: adding up all orders of a listing for each event of it would take
/// the longer the more it sells.
async fn replicate(order: &OrderState) -> Result<Outcome> {
    let transaction = Transaction::begin(&SERVICE).await?;
    // The listing first, so that two events of an order wait for one another where the database
    // locks rows: counted from the same state before, one of them would be counted wrongly.
    let lock = "UPDATE tickets_tickets SET version = version + 1 WHERE id = ?1";
    transaction.execute(lock, params![order.ticket_id]).await?;
    let known = "SELECT quantity, status FROM tickets_orders WHERE id = ?1";
    let before = match transaction.first(known, params![order.id]).await? {
        Some(row) => share(row.get("status")?, row.get("quantity")?),
        None => (0, 0),
    };
    let sql = "INSERT INTO tickets_orders (id, ticket_id, quantity, status, version) \
               VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version \
               WHERE excluded.version > tickets_orders.version RETURNING id";
    let row =
        params![order.id, order.ticket_id, order.quantity, order.status.name(), order.version];
    if transaction.first(sql, row).await?.is_none() {
        return Ok(Outcome::Stale);
    }
    let after = share(order.status, order.quantity);
    let count = "UPDATE tickets_tickets SET held = held + ?2, sold = sold + ?3 WHERE id = ?1";
    let more = params![order.ticket_id, after.0 - before.0, after.1 - before.1];
    transaction.execute(count, more).await?;
    transaction.commit().await?;
    Ok(Outcome::Applied)
}

/// How many tickets of its listing an order holds, and how many it has bought.
const fn share(status: OrderStatus, quantity: i64) -> (i64, i64) {
    match status {
        OrderStatus::Created | OrderStatus::AwaitingPayment => (quantity, 0),
        OrderStatus::Complete => (0, quantity),
        OrderStatus::Cancelled => (0, 0),
    }
}
