//! What an order's sale, or its refund, makes of admissions.

use anyhow::Result;
use boxoffice_contract::events::{OrderState, kind};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::{AdmissionId, OrderId};
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Timestamp, Unit, query, row};

use crate::admission::Admission;
use crate::transition;

row! {
    /// What storing an order's state tells.
    struct Stored {
        id: OrderId,
        /// The unit that the order's listing sells on, if it is a fan's.
        resold: Option<AdmissionId> =
            "(SELECT unit_id FROM admissions_admissions WHERE offer_id = ?3)",
    }
}

/// Takes over an order's state, unless a newer one is known, and issues or ends its admissions. Tells
/// whether anything changed.
///
/// The order's row decides: only a unit that changes it issues, so that no ticket is issued twice.
pub(crate) async fn follow(unit: &mut Unit<'_>, order: &OrderState) -> Result<bool> {
    let stored = unit.change::<Stored>(storing(order)).await?;
    let Some(Stored { resold, .. }) = stored else { return Ok(false) };
    if let Some(resold) = resold {
        // Before anything of the unit changes: see `transition::locking`.
        unit.lock(transition::locking_unit(resold)).await?;
    }
    match (order.status, resold) {
        (OrderStatus::Complete, None) => issue(unit, order)?,
        (OrderStatus::Complete, Some(_)) => transition::sell(unit, order).await?,
        (OrderStatus::Refunded, _) => {
            transition::end_all(unit, order.id).await?;
            if resold.is_some() {
                // The sale was not heard of before its refund: the ticket stays its holder's.
                transition::keep(unit, order.ticket_id).await?;
            }
        }
        (OrderStatus::Created | OrderStatus::AwaitingPayment | OrderStatus::Cancelled, _) => {
            anyhow::bail!("the order {} is not sold", order.id);
        }
    }
    Ok(true)
}

/// Queues an admission for each ticket that was sold, with its event.
fn issue(unit: &mut Unit<'_>, order: &OrderState) -> Result<()> {
    let now = Timestamp::now();
    let issued: Vec<_> =
        (1..=order.quantity).map(|number| Admission::new(order, number, now)).collect();
    for admission in &issued {
        unit.emit(admission.event(kind::AdmissionIssued)?);
    }
    unit.insert(Admission::insert_all(&issued));
    Ok(())
}

pub(crate) fn storing(order: &OrderState) -> Query {
    const STORED: &str = Stored::COLUMNS;
    query!(
        "INSERT INTO admissions_orders (id, version) VALUES (?1, ?2) \
         ON CONFLICT (id) DO UPDATE SET version = excluded.version \
         WHERE excluded.version > admissions_orders.version RETURNING {STORED}",
        order.id,
        order.version,
        order.ticket_id
    )
}
