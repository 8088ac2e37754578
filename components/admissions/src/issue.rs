//! What an order's sale, or its refund, makes of admissions.

use anyhow::Result;
use boxoffice_contract::OrderId;
use boxoffice_contract::events::{OrderState, kind};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Timestamp, Unit, query};

use crate::admission::Admission;
use crate::transition;

/// Takes over an order's state, unless a newer one is known, and issues or ends its admissions. Tells
/// whether anything changed.
///
/// The order's row decides: only a unit that changes it issues, so that no ticket is issued twice.
pub(crate) async fn follow(unit: &mut Unit<'_>, order: &OrderState) -> Result<bool> {
    let Some((_,)) = unit.change::<(OrderId,)>(storing(order)).await? else { return Ok(false) };
    match order.status {
        OrderStatus::Complete => issue(unit, order)?,
        OrderStatus::Refunded => transition::end_all(unit, order.id).await?,
        OrderStatus::Created | OrderStatus::AwaitingPayment | OrderStatus::Cancelled => {
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
    query!(
        "INSERT INTO admissions_orders (id, version) VALUES (?1, ?2) \
         ON CONFLICT (id) DO UPDATE SET version = excluded.version \
         WHERE excluded.version > admissions_orders.version RETURNING id",
        order.id,
        order.version
    )
}
