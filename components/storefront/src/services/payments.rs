//! The visitor's payments, as `payments` tells of them.

use boxoffice_common::events::contract::OrderStatus;
use boxoffice_common::log;
use serde::Deserialize;
use uuid::Uuid;

use super::{PAYMENTS, Page};
use crate::services::orders::Order;
use crate::visit::Visit;

/// A payment.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    pub(crate) order_id: Uuid,
    pub(crate) status: Status,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Pending,
    Authorized,
    Captured,
    Voided,
    Refunded,
    Declined,
}

/// The payments of those of `orders` about which they have something to say: an order says itself
/// that it is complete, or has never been paid for. None where `payments` does not answer: then the
/// orders' own word has to do.
pub(crate) async fn of(visit: &Visit, orders: &[Order]) -> Vec<Payment> {
    let asked = orders.iter().filter(|order| {
        matches!(order.status, OrderStatus::AwaitingPayment | OrderStatus::Cancelled)
    });
    let ids: Vec<String> = asked.map(|order| order.id.to_string()).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let path = format!("/api/payments?limit=100&orderId={}", ids.join(","));
    match visit.read::<Page<Payment>>(&PAYMENTS, &path).await {
        Ok(page) => page.unwrap_or_default().items,
        Err(problem) => {
            log::failed("asking for the payments of orders", &problem.into_cause());
            Vec::new()
        }
    }
}
