//! What the events of orders and admissions, and ticks, set off here.

use anyhow::Result;
use boxoffice_contract::OrderId;
use boxoffice_contract::events::{AdmissionState, OrderState};
use boxoffice_kernel::events::worker::{Handler, one_by_one};
use boxoffice_kernel::events::{Event, EventType, Outcome};
use boxoffice_kernel::{Cx, Service, erasure, log};

use crate::payment::Payment;
use crate::stripe::Patience;
use crate::{SERVICE, abuse, person, reconcile, settle, webhook};

/// This service's side of the events.
pub(crate) struct Payments;

impl Handler for Payments {
    const SERVICE: &'static Service = &SERVICE;

    async fn handle(cx: &Cx, events: &[Event]) -> Result<Vec<Outcome>> {
        one_by_one(events, async |event| apply(cx, event).await).await
    }

    /// Finds out about answers that were lost, and does what is still due.
    async fn tick(cx: &Cx) -> Result<bool> {
        if let Err(error) = webhook::tick(cx).await {
            log::failed(cx, "acting on Stripe's events", &error);
        }
        abuse::tick(cx).await?;
        reconcile::warn_of_lapsing(cx).await?;
        reconcile::due(cx).await?;
        erasure::tick(cx, &SERVICE, person::erase).await
    }
}

/// Does what is due since an order has ended, or its sale is undone.
async fn apply(cx: &Cx, event: &Event) -> Result<Outcome> {
    if event.event_type == EventType::UserDeleted {
        return erasure::follow(cx, &SERVICE, event, person::erase).await;
    }
    let Some((order_id, changed)) = note(cx, event).await? else { return Ok(Outcome::Stale) };
    for payment in Payment::all(Payment::of_order(order_id)).await? {
        // The event has been applied, whatever fails here.
        settle::settle_or_log(cx, &payment, Patience::Worker).await;
    }
    Ok(Outcome::of(changed))
}

/// Stores what the event says of an order. Returns the order, and whether that was new; `None` if the
/// event is about no payment.
async fn note(cx: &Cx, event: &Event) -> Result<Option<(OrderId, bool)>> {
    match event.event_type {
        EventType::OrderCancelled | EventType::OrderCompleted => {
            let OrderState { id, status, payment_id, version, .. } = event.data()?;
            Ok(Some((id, settle::note(cx, id, status, payment_id, version).await?)))
        }
        EventType::AdmissionVoided => {
            let AdmissionState { order_id, undone, .. } = event.data()?;
            if !undone {
                return Ok(None);
            }
            Ok(Some((order_id, settle::note_undone(cx, order_id).await?)))
        }
        other => anyhow::bail!("payments does not handle {}", other.name()),
    }
}
