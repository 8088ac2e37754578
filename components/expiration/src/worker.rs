//! What the events of orders, and ticks, set off here.

use anyhow::Result;
use boxoffice_common::Service;
use boxoffice_common::events::worker::Handler;
use boxoffice_common::events::{Deadline, Event, EventType, Outcome};

use crate::{SERVICE, timer};

/// This service's side of the events.
pub(crate) struct Expirations;

impl Handler for Expirations {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(event: &Event) -> Result<Outcome> {
        match event.event_type {
            EventType::OrderCreated
            | EventType::OrderExtended
            | EventType::OrderCancelled
            | EventType::OrderCompleted => Ok(Outcome::of(timer::set(&event.data()?).await?)),
            other => anyhow::bail!("expiration has no use for {}", other.name()),
        }
    }

    async fn tick(_: Deadline) -> Result<bool> {
        timer::fire_due().await
    }
}
