//! What the events of orders and tickets change here.

use anyhow::Result;
use boxoffice_contract::events::{OrderState, TicketState};
use boxoffice_kernel::events::worker::{BATCH_LIMIT, Handler, one_by_one, store_latest};
use boxoffice_kernel::events::{Event, EventType, Outcome};
use boxoffice_kernel::{Cx, Service, erasure, limit, unit};

use crate::listing::Listing;
use crate::{SERVICE, issue, person, transition};

/// This service's side of the events.
pub(crate) struct Admissions;

impl Handler for Admissions {
    const SERVICE: &'static Service = &SERVICE;

    fn batch_limit(event_type: EventType) -> usize {
        if is_of_listings(event_type) { BATCH_LIMIT } else { 1 }
    }

    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        if events.iter().all(|event| is_of_listings(event.event_type)) {
            return replicate(cx, events).await;
        }
        one_by_one(events, async |event| {
            if event.event_type == EventType::UserDeleted {
                return erasure::follow(cx, &SERVICE, event, person::erase).await;
            }
            let order = order(event)?;
            let followed =
                unit::run(cx, &SERVICE, async |unit| issue::follow(unit, &order).await).await?;
            Ok(Outcome::of(followed))
        })
        .await
    }

    async fn tick(cx: &Cx) -> Result<bool> {
        let more = erasure::tick(cx, &SERVICE, person::erase).await?;
        Ok(limit::sweep(cx, &SERVICE).await? || more)
    }
}

/// Takes over how organizers have written their listings.
async fn replicate(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
    let tickets = events.iter().map(Event::data).collect::<Result<Vec<TicketState>, _>>()?;
    // A holder withdraws an offer only while `orders` neither holds nor has sold it. The shop withdraws
    // that of a void admission, which stays void.
    let withdrawn = tickets.iter().filter(|ticket| ticket.withdrawn && ticket.resale_of.is_some());
    for offer in withdrawn {
        unit::run(cx, &SERVICE, async |unit| transition::keep(unit, offer.id).await).await?;
    }
    let of = |ticket: &TicketState| (ticket.id, ticket.version);
    store_latest(cx, &SERVICE, &tickets, of, Listing::replicating).await
}

fn order(event: &Event) -> Result<OrderState> {
    match event.event_type {
        EventType::OrderCompleted | EventType::OrderRefunded => Ok(event.data()?),
        other => anyhow::bail!("admissions does not handle {}", other.name()),
    }
}

/// Whether it tells how an organizer has written a listing.
const fn is_of_listings(event_type: EventType) -> bool {
    matches!(event_type, EventType::TicketCreated | EventType::TicketUpdated)
}
