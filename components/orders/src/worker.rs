//! What the events of tickets, payments, expiration and accounts change here.

use anyhow::{Context, Result};
use boxoffice_contract::OrderId;
use boxoffice_contract::events::{Expiration, PaymentState, TicketState, UserState};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::db::{self, Read};
use boxoffice_kernel::events::worker::{BATCH_LIMIT, Handler, one_by_one, store_latest};
use boxoffice_kernel::events::{Event, EventType, Outcome};
use boxoffice_kernel::{Cx, Service, Unit, erasure, unit};

use crate::listing::Listing;
use crate::order::Order;
use crate::{SERVICE, people, person, transition, untold};

/// This service's side of the events.
pub(crate) struct Orders;

impl Handler for Orders {
    const SERVICE: &'static Service = &SERVICE;

    fn batch_limit(event_type: EventType) -> usize {
        if is_of_listings(event_type) { BATCH_LIMIT } else { 1 }
    }

    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        if events.iter().all(|event| is_of_listings(event.event_type)) {
            return replicate(cx, events).await;
        }
        if events.iter().all(|event| event.event_type == EventType::UserSuspended) {
            return one_by_one(events, async |event| {
                let user: UserState = event.data()?;
                people::end_holds(cx, user.id).await
            })
            .await;
        }
        one_by_one(events, async |event| {
            if event.event_type == EventType::UserDeleted {
                return erasure::follow(cx, &SERVICE, event, person::erase).await;
            }
            unit::run(cx, &SERVICE, async |unit| advance(unit, event).await).await
        })
        .await
    }

    async fn tick(cx: &Cx) -> Result<bool> {
        Ok(erasure::tick(cx, &SERVICE, person::erase).await? | untold::tell(cx).await?)
    }
}

/// Takes over how sellers have written their listings.
async fn replicate(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
    let tickets = events.iter().map(Event::data).collect::<Result<Vec<TicketState>, _>>()?;
    let of = |ticket: &TicketState| (ticket.id, ticket.version);
    store_latest(cx, &SERVICE, &tickets, of, Listing::replicate).await
}

/// Advances an order, as the event says.
async fn advance(unit: &mut Unit<'_>, event: &Event) -> Result<Outcome> {
    let changed = match event.event_type {
        EventType::PaymentCreated => {
            let payment: PaymentState = event.data()?;
            transition::complete(unit, &payment).await.context("completing an order")?
        }
        EventType::PaymentDeclined => {
            let payment: PaymentState = event.data()?;
            transition::decline(unit, &payment).await.context("ending an order")?
        }
        EventType::PaymentRefunded => {
            let payment: PaymentState = event.data()?;
            let order = transition::refund(unit, &payment).await.context("undoing a sale")?;
            if order.is_none() && is_held(unit, payment.order_id).await? {
                // The sale's own event is still to come, by another stream.
                anyhow::bail!("the order {} is refunded before its sale", payment.order_id);
            }
            order
        }
        EventType::ExpirationComplete => {
            let Expiration { order_id, .. } = event.data()?;
            transition::expire(unit, order_id).await.context("expiring an order")?
        }
        other => anyhow::bail!("orders does not handle {}", other.name()),
    };
    Ok(Outcome::of(changed.is_some()))
}

/// Whether it tells how a seller has written a listing.
const fn is_of_listings(event_type: EventType) -> bool {
    matches!(event_type, EventType::TicketCreated | EventType::TicketUpdated)
}

/// Whether the order still holds its tickets.
async fn is_held(read: &mut impl Read, id: OrderId) -> db::Result<bool> {
    let order = Order::find_in(read, id).await?;
    let held = [OrderStatus::Created, OrderStatus::AwaitingPayment];
    Ok(order.is_some_and(|order| held.contains(&order.status())))
}
