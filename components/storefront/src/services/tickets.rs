//! Listings, as `tickets` tells of them.

use boxoffice_kernel::Timestamp;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::Sale;
use serde::Deserialize;
use uuid::Uuid;

use super::{Page, TICKETS};
use crate::visit::Visit;

/// A listing.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ticket {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) price: i64,
    pub(crate) currency: String,
    pub(crate) quantity: i64,
    pub(crate) available: i64,
    pub(crate) status: Sale,
    pub(crate) seller_id: Uuid,
    pub(crate) venue: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) time_zone: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) version: i64,
}

impl Ticket {
    /// Whether the event has begun: its tickets are off sale then.
    pub(crate) fn has_begun(&self) -> bool {
        self.starts_at.is_some_and(|start| start <= Timestamp::now())
    }

    /// Whether there are tickets to have.
    pub(crate) fn is_to_be_had(&self) -> bool {
        self.status == Sale::Open && self.available > 0 && !self.has_begun()
    }
}

/// The listing `id`, if there is one.
pub(crate) async fn find(visit: &Visit, id: Uuid) -> Result<Option<Ticket>> {
    visit.read(&TICKETS, &format!("/api/tickets/{id}")).await
}

/// The listings that fulfil `filters`, pairs of names and values of the API's.
pub(crate) async fn list(visit: &Visit, filters: &[(&str, &str)]) -> Result<Page<Ticket>> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
    let page = visit.read(&TICKETS, &format!("/api/tickets?{query}")).await?;
    Ok(page.unwrap_or_default())
}
