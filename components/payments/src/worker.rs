//! What the events of orders, and ticks, set off here.

use anyhow::Result;
use boxoffice_common::events::contract::OrderState;
use boxoffice_common::events::worker::Handler;
use boxoffice_common::events::{Deadline, Event, EventType, Outcome};
use boxoffice_common::{Service, log, params};

use crate::payment::Payment;
use crate::stripe::Patience;
use crate::{SERVICE, reconcile, settle, webhook};

/// This service's side of the events.
pub(crate) struct Payments;

impl Handler for Payments {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(event: &Event) -> Result<Outcome> {
        match event.event_type {
            EventType::OrderCancelled | EventType::OrderCompleted => {
                let order: OrderState = event.data()?;
                let changed =
                    settle::note(order.id, order.status, order.payment_id, order.version).await?;
                let payments = Payment::select("order_id = ?1", params![order.id]).await?;
                for payment in payments {
                    // What fails stays due for a tick; the event has been applied all the same.
                    if let Err(error) =
                        settle::settle(&payment, Patience::Worker, event.trace()).await
                    {
                        log::failed("settling a payment; a tick will try again", &error);
                    }
                }
                Ok(Outcome::of(changed))
            }
            other => anyhow::bail!("payments has no use for {}", other.name()),
        }
    }

    /// Finds out about answers that were lost, and does what is still due.
    async fn tick(deadline: Deadline) -> Result<bool> {
        if let Err(error) = webhook::tick(&deadline).await {
            log::failed("acting on Stripe's events", &error);
        }
        reconcile::warn_of_lapsing().await?;
        reconcile::due(&deadline).await?;
        Ok(false)
    }
}
