//! What the events of orders, and ticks, set off here.

use anyhow::Result;
use boxoffice_contract::events::OrderState;
use boxoffice_kernel::Service;
use boxoffice_kernel::events::worker::{Handler, MOST_TOGETHER, write_newest};
use boxoffice_kernel::events::{Deadline, Event, EventType, Outcome};

use crate::{SERVICE, timer};

/// This service's side of the events.
pub(crate) struct Expirations;

impl Handler for Expirations {
    const SERVICE: &'static Service = &SERVICE;

    fn together(_: EventType) -> usize {
        MOST_TOGETHER
    }

    async fn handle(events: &[Event]) -> Result<Vec<Outcome>> {
        let orders = events.iter().map(order).collect::<Result<Vec<_>>>()?;
        write_newest(&orders, |order| (order.id, order.version), timer::set).await
    }

    async fn tick(_: Deadline) -> Result<bool> {
        timer::fire_due().await
    }
}

fn order(event: &Event) -> Result<OrderState> {
    match event.event_type {
        EventType::OrderCreated
        | EventType::OrderExtended
        | EventType::OrderCancelled
        | EventType::OrderCompleted => Ok(event.data()?),
        other => anyhow::bail!("expiration does not handle {}", other.name()),
    }
}
