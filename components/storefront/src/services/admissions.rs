//! The visitor's tickets, as `admissions` tells of them.

use boxoffice_contract::admissions::Admission;
use boxoffice_contract::{AdmissionId, OrderId, Page};
use boxoffice_kernel::log;
use boxoffice_kernel::problem::Result;

use super::ADMISSIONS;
use crate::visitor::Visit;

/// Reads the ticket `id`, if there is one.
///
/// # Errors
/// The service's refusal, such as 403 for somebody else's ticket; 503 where it does not answer.
pub(crate) async fn find(visit: &Visit, id: AdmissionId) -> Result<Option<Admission>> {
    visit.read(&ADMISSIONS, &format!("/api/admissions/{id}")).await
}

/// Reads the tickets of `order` that the visitor holds; `None` where the service does not answer.
pub(crate) async fn of_order(visit: &Visit, order: OrderId) -> Option<Vec<Admission>> {
    list(visit, &format!("orderId={order}")).await
}

/// Reads the visitor's tickets for events that are not over; none where the service does not answer:
/// the orders' own pages lead to them as well.
pub(crate) async fn upcoming(visit: &Visit) -> Vec<Admission> {
    list(visit, "upcoming=true").await.unwrap_or_default()
}

async fn list(visit: &Visit, filter: &str) -> Option<Vec<Admission>> {
    let path = format!("/api/admissions?limit=100&{filter}");
    match visit.ask::<Page<Admission>>(&ADMISSIONS, &path).await {
        Ok(page) => Some(page.unwrap_or_default().items),
        Err(error) => {
            log::failed(&visit.cx, "asking for tickets", &error.into());
            None
        }
    }
}
