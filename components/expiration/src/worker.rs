//! What the events of orders, and ticks, set off here.

use anyhow::Result;
use boxoffice_contract::events::OrderState;
use boxoffice_kernel::events::worker::{BATCH_LIMIT, Handler, store_latest};
use boxoffice_kernel::events::{Event, EventType, Outcome};
use boxoffice_kernel::{Cx, Service};

use crate::{SERVICE, timer};

/// This service's side of the events.
pub(crate) struct Expirations;

impl Handler for Expirations {
    const SERVICE: &'static Service = &SERVICE;

    fn batch_limit(_: EventType) -> usize {
        BATCH_LIMIT
    }

    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        let orders = events.iter().map(order).collect::<Result<Vec<_>>>()?;
        let of = |order: &OrderState| (order.id, order.version);
        store_latest(cx, &SERVICE, &orders, of, timer::setting).await
    }

    async fn tick(cx: &Cx) -> Result<bool> {
        timer::fire_due(cx).await
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
