//! What the events of tickets, payments and expiration change here.

use anyhow::{Context, Result};
use boxoffice_contract::OrderId;
use boxoffice_contract::events::{Expiration, PaymentState, TicketState};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::db::{Connection, Read, Transaction};
use boxoffice_kernel::events::worker::{Handler, MOST_TOGETHER, one_by_one, write_newest};
use boxoffice_kernel::events::{Deadline, Event, EventType, Outcome};
use boxoffice_kernel::{Problem, Service};

use crate::listing::Listing;
use crate::order::Order;
use crate::{SERVICE, transition};

/// This service's side of the events.
pub(crate) struct Orders;

impl Handler for Orders {
    const SERVICE: &'static Service = &SERVICE;

    fn together(event_type: EventType) -> usize {
        if is_of_listings(event_type) { MOST_TOGETHER } else { 1 }
    }

    async fn handle(events: &[Event]) -> Result<Vec<Outcome>> {
        if events.iter().all(|event| is_of_listings(event.event_type)) {
            return replicate(events).await;
        }
        one_by_one(events, go_on).await
    }

    async fn tick(_: Deadline) -> Result<bool> {
        Ok(false)
    }
}

/// Takes over how sellers have written their listings.
async fn replicate(events: &[Event]) -> Result<Vec<Outcome>> {
    let tickets = events.iter().map(Event::data).collect::<Result<Vec<TicketState>, _>>()?;
    write_newest(
        &tickets,
        |ticket| (ticket.id, ticket.version),
        async |tickets| {
            let connection = Connection::open(&SERVICE).await?;
            Ok(Listing::replicate(&connection, tickets).await?)
        },
    )
    .await
}

/// Has an order go on, as the event says.
async fn go_on(event: &Event) -> Result<Outcome> {
    let mut transaction = Transaction::begin(&SERVICE, event.trace()).await?;
    let changed = match event.event_type {
        EventType::PaymentCreated => {
            let payment: PaymentState = event.data()?;
            let order = transition::complete(&mut transaction, &payment).await;
            order.map_err(Problem::into_cause).context("completing an order")?.is_some()
        }
        EventType::PaymentDeclined => {
            let payment: PaymentState = event.data()?;
            let order = transition::decline(&mut transaction, &payment).await;
            order.map_err(Problem::into_cause).context("ending an order")?.is_some()
        }
        EventType::PaymentRefunded => {
            let payment: PaymentState = event.data()?;
            let order = transition::refund(&mut transaction, &payment).await;
            let order = order.map_err(Problem::into_cause).context("undoing a sale")?;
            if order.is_none() && is_held(&transaction, payment.order_id).await? {
                // The sale's own event is still to come, by another stream.
                anyhow::bail!("the order {} is refunded before its sale", payment.order_id);
            }
            order.is_some()
        }
        EventType::ExpirationComplete => {
            let Expiration { order_id, .. } = event.data()?;
            let order = transition::expire(&mut transaction, order_id).await;
            order.map_err(Problem::into_cause).context("expiring an order")?.is_some()
        }
        other => anyhow::bail!("orders does not handle {}", other.name()),
    };
    if changed {
        transaction.commit().await?;
    }
    Ok(Outcome::of(changed))
}

/// Whether it tells how a seller has written a listing.
const fn is_of_listings(event_type: EventType) -> bool {
    matches!(event_type, EventType::TicketCreated | EventType::TicketUpdated)
}

/// Whether the order still holds its tickets.
async fn is_held(read: &impl Read, id: OrderId) -> Result<bool> {
    let order = Order::find_by(read, id).await?;
    let held = [OrderStatus::Created, OrderStatus::AwaitingPayment];
    Ok(order.is_some_and(|order| held.contains(&order.status)))
}
