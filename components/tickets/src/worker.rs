//! What events change here: those of orders, how many tickets of a listing are held and sold; those of
//! admissions, which tickets fans sell on; those of accounts, whose listings go off sale.

use anyhow::Result;
use boxoffice_contract::events::OrderState;
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::{OrderId, TicketId};
use boxoffice_kernel::db::{self, Query, Value};
use boxoffice_kernel::events::worker::{BATCH_LIMIT, Handler, apply_latest, one_by_one};
use boxoffice_kernel::events::{Event, EventType, Outcome};
use boxoffice_kernel::{Cx, Service, Unit, erasure, params, query, unit};

use crate::ticket::{Counts, NEXT_VERSION};
use crate::{SERVICE, offer, pages, people, person};

/// This service's side of the events.
pub(crate) struct Tickets;

impl Handler for Tickets {
    const SERVICE: &'static Service = &SERVICE;

    fn batch_limit(event_type: EventType) -> usize {
        let is_alone = is_alone(event_type) || is_of_people(event_type);
        if is_alone { 1 } else { BATCH_LIMIT }
    }

    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        if events.iter().all(|event| is_alone(event.event_type)) {
            return one_by_one(events, async |event| {
                if event.event_type == EventType::UserDeleted {
                    let outcome = erasure::follow(cx, &SERVICE, event, person::erase).await?;
                    pages::forget().await?;
                    return Ok(outcome);
                }
                Ok(Outcome::of(offer::follow(cx, &event.data()?).await?))
            })
            .await;
        }
        if events.iter().all(|event| is_of_people(event.event_type)) {
            return one_by_one(events, async |event| {
                Ok(Outcome::of(people::follow(cx, &event.data()?).await?))
            })
            .await;
        }
        let orders = events.iter().map(order).collect::<Result<Vec<_>>>()?;
        let take_over = async |orders: &[&OrderState]| replicate(cx, orders).await;
        apply_latest(&orders, |order| (order.id, order.version), take_over).await
    }

    async fn tick(cx: &Cx) -> Result<bool> {
        person::erase_again(cx).await
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

/// Whether it is applied alone: it tells that an admission is offered for sale or has ended, or that an
/// account is deleted.
const fn is_alone(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::AdmissionOffered | EventType::AdmissionVoided | EventType::UserDeleted
    )
}

/// Whether it tells that an account is suspended, or is not any more.
const fn is_of_people(event_type: EventType) -> bool {
    matches!(event_type, EventType::UserSuspended | EventType::UserRestored)
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

/// Takes over the states of `orders`, each of another one, unless newer ones are known, and counts their
/// listings again. Returns the ids of the orders of which it did.
async fn replicate(cx: &Cx, orders: &[&OrderState]) -> Result<Vec<OrderId>> {
    let changed = unit::run(cx, &SERVICE, async |unit| take_over(unit, orders).await).await?;
    if !changed.is_empty() {
        pages::forget().await?;
    }
    Ok(changed)
}

async fn take_over(unit: &mut Unit<'_>, orders: &[&OrderState]) -> db::Result<Vec<OrderId>> {
    // The listings first: of two events of their orders at once, the second waits here, and then sees
    // the first one's order when it adds up. In one order, or two workers would wait for each other.
    unit.lock(locking(ids(orders.iter().map(|order| order.ticket_id)))).await?;
    let changed: Vec<(OrderId, TicketId)> = unit.change_all(storing(orders)).await?;
    if !changed.is_empty() {
        let listings = ids(changed.iter().map(|(_, listing)| *listing));
        for counts in unit.change_all::<Counts>(counting(listings)).await? {
            unit.tell(counts.news());
        }
    }
    Ok(changed.into_iter().map(|(order, _)| order).collect())
}

pub(crate) fn locking(listings: Vec<Value>) -> Query {
    let list = db::list(0, listings.len());
    query!("SELECT id FROM tickets_tickets WHERE id IN ({list}) ORDER BY id FOR UPDATE")
        .bind_all(listings)
}

pub(crate) fn storing(orders: &[&OrderState]) -> Query {
    let rows = db::places(orders.len(), 6);
    let values = orders.iter().flat_map(|order| {
        let status = counted_as(order).name();
        params![order.id, order.ticket_id, order.quantity, status, order.version, order.buyer_id]
            .to_vec()
    });
    query!(
        "INSERT INTO tickets_orders (id, ticket_id, quantity, status, version, buyer_id) VALUES {rows} \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version, \
         buyer_id = excluded.buyer_id \
         WHERE excluded.version > tickets_orders.version RETURNING id, ticket_id"
    )
    .bind_all(values)
}

pub(crate) fn counting(listings: Vec<Value>) -> Query {
    const COUNTS: &str = Counts::COLUMNS;
    let list = db::list(0, listings.len());
    // Added up again, not changed by one order's share: whatever was wrong is right with the next
    // event. The statuses are written out, as in the indexes' conditions:
    // with parameters in their place the indexes would not be used.
    query!(
        "UPDATE tickets_tickets SET {NEXT_VERSION}, \
         held = (SELECT COALESCE(SUM(quantity), 0) FROM tickets_orders AS o \
                 WHERE o.ticket_id = tickets_tickets.id \
                 AND o.status IN ('created', 'awaiting:payment')), \
         sold = (SELECT COALESCE(SUM(quantity), 0) FROM tickets_orders AS o \
                 WHERE o.ticket_id = tickets_tickets.id AND o.status = 'complete') \
         WHERE id IN ({list}) RETURNING {COUNTS}"
    )
    .bind_all(listings)
}

/// Each of `ids` once, in order, and [`db::padded`].
pub(crate) fn ids(ids: impl Iterator<Item = TicketId>) -> Vec<Value> {
    let mut ids: Vec<TicketId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    db::padded(ids).into_iter().map(Value::from).collect()
}
