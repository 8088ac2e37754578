//! What the events of orders, and ticks, set off here.

use anyhow::Result;
use boxoffice_kernel::events::contract::OrderState;
use boxoffice_kernel::events::worker::{Handler, one_by_one};
use boxoffice_kernel::events::{Deadline, Event, EventType, Outcome};
use boxoffice_kernel::old::log;
use boxoffice_kernel::{Cx, Service, params};

use crate::payment::Payment;
use crate::stripe::Patience;
use crate::{SERVICE, reconcile, settle, webhook};

/// This service's side of the events.
pub(crate) struct Payments;

impl Handler for Payments {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(_: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        one_by_one(events, end).await
    }

    /// Finds out about answers that were lost, and does what is still due.
    async fn tick(_: &Cx) -> Result<bool> {
        let deadline = Deadline::after(std::time::Duration::from_secs(3));
        if let Err(error) = webhook::tick(&deadline).await {
            log::failed("acting on Stripe's events", &error);
        }
        reconcile::warn_of_lapsing().await?;
        reconcile::due(&deadline).await?;
        Ok(false)
    }
}

/// Does what is due since an order has ended.
async fn end(event: &Event) -> Result<Outcome> {
    let order = order(event)?;
    let changed = settle::note(order.id, order.status, order.payment_id, order.version).await?;
    for payment in Payment::select("order_id = ?1", params![order.id]).await? {
        // The event has been applied, whatever fails here.
        settle::settle_or_log(&payment, Patience::Worker, event.trace()).await;
    }
    Ok(Outcome::of(changed))
}

fn order(event: &Event) -> Result<OrderState> {
    match event.event_type {
        EventType::OrderCancelled | EventType::OrderCompleted => event.data(),
        other => anyhow::bail!("payments does not handle {}", other.name()),
    }
}
