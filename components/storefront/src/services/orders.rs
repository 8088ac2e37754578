//! The visitor's orders, as `orders` tells of them.

use boxoffice_kernel::Timestamp;
use boxoffice_kernel::problem::Result;
use serde::Deserialize;
use uuid::Uuid;

use super::{ORDERS, Page, escaped};
use crate::visit::Visit;

/// An order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) status: Status,
    pub(crate) cancel_reason: Option<Reason>,
    pub(crate) quantity: i64,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) ticket: Ordered,
    pub(crate) expires_at: Timestamp,
    pub(crate) created_at: Timestamp,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Created,
    #[serde(rename = "awaiting:payment")]
    AwaitingPayment,
    Complete,
    Cancelled,
    Refunded,
    /// A word of a newer `orders`: one such order must not break the page of all.
    #[serde(other)]
    Other,
}

/// What was ordered.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ordered {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) price: i64,
    pub(crate) venue: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) time_zone: Option<String>,
}

/// Why an order ended without a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reason {
    Expired,
    Buyer,
    Declined,
    /// A word of a newer `orders`.
    #[serde(other)]
    Other,
}

impl Order {
    /// Whether its tickets are held still.
    pub(crate) fn is_held(&self) -> bool {
        let open = matches!(self.status, Status::Created | Status::AwaitingPayment);
        open && self.expires_at > Timestamp::now()
    }
}

/// The order `id`, if there is one.
pub(crate) async fn find(visit: &Visit, id: Uuid) -> Result<Option<Order>> {
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
