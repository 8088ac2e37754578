//! The visitor's orders, as `orders` tells of them.

use boxoffice_contract::orders::{Order, OrderStatus};
use boxoffice_contract::{OrderId, Page, Timestamp};
use boxoffice_kernel::problem::Result;

use super::{ORDERS, escaped};
use crate::visitor::Visit;

/// Whether an order's tickets are held still.
pub(crate) fn is_held(order: &Order) -> bool {
    let held = [OrderStatus::Created, OrderStatus::AwaitingPayment];
    order.status.known().is_some_and(|status| held.contains(&status))
        && order.expires_at > Timestamp::now()
}

/// The order `id`, if there is one.
pub(crate) async fn find(visit: &Visit, id: OrderId) -> Result<Option<Order>> {
    visit.read(&ORDERS, &format!("/api/orders/{id}")).await
}

/// The visitor's orders, newest first, from `cursor` on.
pub(crate) async fn list(visit: &Visit, cursor: Option<&str>) -> Result<Page<Order>> {
    let path = match cursor {
        Some(cursor) => format!("/api/orders?cursor={}", escaped(cursor)),
        None => "/api/orders".to_owned(),
    };
    let page = visit.read(&ORDERS, &path).await?;
    Ok(page.unwrap_or_default())
}
