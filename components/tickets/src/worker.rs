//! What the events of orders change here: how many tickets of a listing are held and sold.

use anyhow::Result;
use boxoffice_contract::events::OrderState;
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::{OrderId, TicketId};
use boxoffice_kernel::db::{self, Read, Transaction, Value};
use boxoffice_kernel::events::worker::{Handler, MOST_TOGETHER, write_newest};
use boxoffice_kernel::events::{Deadline, Event, EventType, Outcome};
use boxoffice_kernel::{Service, Trace, params};

use crate::ticket::{COUNTS, NEXT_VERSION, recounted};
use crate::{SERVICE, pages};

/// This service's side of the events.
pub(crate) struct Tickets;

impl Handler for Tickets {
    const SERVICE: &'static Service = &SERVICE;

    fn together(_: EventType) -> usize {
        MOST_TOGETHER
    }

    async fn handle(events: &[Event]) -> Result<Vec<Outcome>> {
        let orders = events.iter().map(order).collect::<Result<Vec<_>>>()?;
        write_newest(&orders, |order| (order.id, order.version), replicate).await
    }

    async fn tick(_: Deadline) -> Result<bool> {
        Ok(false)
    }
}

fn order(event: &Event) -> Result<OrderState> {
    match event.event_type {
        EventType::OrderCreated
        | EventType::OrderCancelled
        | EventType::OrderCompleted
        | EventType::OrderRefunded => Ok(event.data()?),
        other => anyhow::bail!("tickets does not handle {}", other.name()),
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

/// Takes over the states of `orders`, each another one, unless newer ones are known, and counts their
/// listings anew; answers with the orders of which it did.
async fn replicate(orders: &[&OrderState]) -> Result<Vec<OrderId>> {
    // What is told of it is news, which has no trace.
    let mut transaction = Transaction::begin(&SERVICE, Trace::NONE).await?;
    // The listings first: of two events of their orders at once, the second waits here, and then sees
    // the first one's order when it adds up. In one order, or two workers would wait for each other.
    let listings = ids(orders.iter().map(|order| order.ticket_id));
    let lock = format!(
        "SELECT id FROM tickets_tickets WHERE id IN ({}) ORDER BY id FOR UPDATE",
        db::list(0, listings.len())
    );
    transaction.lock(&lock, &listings).await?;
    let sql = format!(
        "INSERT INTO tickets_orders (id, ticket_id, quantity, status, version) VALUES {} \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version \
         WHERE excluded.version > tickets_orders.version RETURNING id, ticket_id",
        db::places(orders.len(), 5)
    );
    let mut params: Vec<Value> = Vec::with_capacity(orders.len() * 5);
    for order in orders {
        let status = counted_as(order).name();
        let row = params![order.id, order.ticket_id, order.quantity, status, order.version];
        params.extend_from_slice(row);
    }
    let rows = transaction.query(&sql, &params).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let changed = rows.iter().map(|row| row.get("id")).collect::<db::Result<_>>()?;
    let listings = rows.iter().map(|row| row.get("ticket_id")).collect::<db::Result<Vec<_>>>()?;
    let listings = ids(listings.into_iter());
    // Added up anew, not changed by one order's share: whatever was wrong is right with the next
    // event. The statuses are written out, as in the indexes' conditions:
    // with parameters in their place the indexes would not be used.
    let count = format!(
        "UPDATE tickets_tickets SET {NEXT_VERSION}, \
         held = (SELECT COALESCE(SUM(quantity), 0) FROM tickets_orders AS o \
                 WHERE o.ticket_id = tickets_tickets.id \
                 AND o.status IN ('created', 'awaiting:payment')), \
         sold = (SELECT COALESCE(SUM(quantity), 0) FROM tickets_orders AS o \
                 WHERE o.ticket_id = tickets_tickets.id AND o.status = 'complete') \
         WHERE id IN ({}) RETURNING {COUNTS}",
        db::list(0, listings.len())
    );
    for row in transaction.query(&count, &listings).await? {
        transaction.tell(recounted(&row)?);
    }
    transaction.commit().await?;
    pages::forget().await?;
    Ok(changed)
}

/// Each of `ids` once, in order, and [`db::padded`].
fn ids(ids: impl Iterator<Item = TicketId>) -> Vec<Value> {
    let mut ids: Vec<TicketId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    db::padded(ids).into_iter().map(Value::from).collect()
}
