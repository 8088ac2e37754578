//! The visitor's payments, as `payments` tells of them.

use anyhow::Context;
use boxoffice_contract::orders::{Order, OrderStatus};
use boxoffice_contract::payments::{Paid, Payment};
use boxoffice_contract::{OrderId, Page};
use boxoffice_kernel::log;
use boxoffice_kernel::problem::Result;
use bytes::Bytes;
use http::Response;

use super::PAYMENTS;
use crate::visitor::Visit;

/// The payment that `payments` tells of in answer to a change.
///
/// # Errors
/// When it does not.
pub(crate) fn read(answer: &Response<Bytes>) -> anyhow::Result<Payment> {
    let paid = serde_json::from_slice::<Paid>(answer.body());
    Ok(paid.context("reading a payment in an answer of payments")?.payment)
}

/// The newest payment of the visitor's for `order`.
pub(crate) async fn newest(visit: &Visit, order: OrderId) -> Result<Option<Payment>> {
    let path = format!("/api/payments?limit=1&orderId={order}");
    let page = visit.read::<Page<Payment>>(&PAYMENTS, &path).await?;
    Ok(page.unwrap_or_default().items.pop())
}

/// The payments of those of `orders` about which they have something to say: an order says itself
/// that it is complete, or has never been paid for. None where `payments` does not answer: then the
/// orders' own word has to do.
pub(crate) async fn of(visit: &Visit, orders: &[Order]) -> Vec<Payment> {
    let asked = orders.iter().filter(|order| {
        order.status == OrderStatus::AwaitingPayment || order.status == OrderStatus::Cancelled
    });
    let ids: Vec<String> = asked.map(|order| order.id.to_string()).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let path = format!("/api/payments?limit=100&orderId={}", ids.join(","));
    match visit.ask::<Page<Payment>>(&PAYMENTS, &path).await {
        Ok(page) => page.unwrap_or_default().items,
        Err(error) => {
            log::failed(&visit.cx, "asking for the payments of orders", &error.into());
            Vec::new()
        }
    }
}
