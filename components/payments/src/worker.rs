//! What the events of orders, and ticks, set off here.

use anyhow::Result;
use boxoffice_contract::events::OrderState;
use boxoffice_kernel::events::worker::{Handler, one_by_one};
use boxoffice_kernel::events::{Event, EventType, Outcome};
use boxoffice_kernel::{Cx, Service, log};

use crate::payment::Payment;
use crate::stripe::Patience;
use crate::{SERVICE, reconcile, settle, webhook};

/// This service's side of the events.
pub(crate) struct Payments;

impl Handler for Payments {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        one_by_one(events, async |event| end(cx, event).await).await
    }

    /// Finds out about answers that were lost, and does what is still due.
    async fn tick(cx: &Cx) -> Result<bool> {
        if let Err(error) = webhook::tick(cx).await {
            log::failed(cx, "acting on Stripe's events", &error);
        }
        reconcile::warn_of_lapsing(cx).await?;
        reconcile::due(cx).await?;
        Ok(false)
    }
}

/// Does what is due since an order has ended.
async fn end(cx: &Cx, event: &Event) -> Result<Outcome> {
    let order = order(event)?;
    let changed = settle::note(cx, order.id, order.status, order.payment_id, order.version).await?;
    for payment in Payment::all(Payment::of_order(order.id)).await? {
        // The event has been applied, whatever fails here.
        settle::settle_or_log(cx, &payment, Patience::Worker).await;
    }
    Ok(Outcome::of(changed))
}

fn order(event: &Event) -> Result<OrderState> {
    match event.event_type {
        EventType::OrderCancelled | EventType::OrderCompleted => Ok(event.data()?),
        other => anyhow::bail!("payments does not handle {}", other.name()),
    }
}
