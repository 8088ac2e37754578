//! Waiting for an order that is about to be complete.

use std::time::Duration;

use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::payments::{Payment, PaymentStatus};
use send_wrapper::SendWrapper;

use crate::services::orders;
use crate::visitor::Visit;

/// What is said while nobody knows whether the payment went through.
pub(super) const CHECKING: &str = "We're checking your payment. Don't pay again.";
/// How long to wait, again and again, for a paid order to be complete: its page can say so at once
/// then, and says that it is being checked otherwise.
const WAITS_MS: [u64; 7] = [20, 40, 80, 160, 320, 640, 640];

/// Waits until the order that `payment` pays for is complete, if it is about to be, but not for ever.
pub(super) async fn completed(visit: &Visit, payment: &Payment) {
    let paid = [PaymentStatus::Authorized, PaymentStatus::Captured];
    if !payment.status.known().is_some_and(|status| paid.contains(&status)) {
        return;
    }
    for wait in WAITS_MS {
        SendWrapper::new(spin_sdk::time::sleep(Duration::from_millis(wait))).await;
        let order = orders::find(visit, payment.order_id).await;
        if !matches!(order, Ok(Some(order)) if order.status == OrderStatus::AwaitingPayment) {
            return;
        }
    }
}
