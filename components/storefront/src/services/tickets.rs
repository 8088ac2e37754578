//! Listings, as `tickets` tells of them.

use boxoffice_contract::tickets::{Ticket, TicketStatus};
use boxoffice_contract::{Page, TicketId, Timestamp};
use boxoffice_kernel::problem::Result;

use super::TICKETS;
use crate::visitor::Visit;

/// Whether the event has begun: its tickets are off sale then.
pub(crate) fn has_begun(ticket: &Ticket) -> bool {
    ticket.starts_at.is_some_and(|start| start <= Timestamp::now())
}

/// Whether there are tickets to have.
pub(crate) fn is_to_be_had(ticket: &Ticket) -> bool {
    ticket.status == TicketStatus::Open && ticket.available > 0 && !has_begun(ticket)
}

/// Where a listing stands. Of a newer `tickets`' word this version knows only that it is not for
/// sale.
pub(crate) fn status(ticket: &Ticket) -> TicketStatus {
    ticket.status.known().unwrap_or(TicketStatus::Withdrawn)
}

/// The listing `id`, if there is one.
pub(crate) async fn find(visit: &Visit, id: TicketId) -> Result<Option<Ticket>> {
    visit.read(&TICKETS, &format!("/api/tickets/{id}")).await
}

/// The listings that fulfil `filters`, pairs of names and values of the API's.
pub(crate) async fn list(visit: &Visit, filters: &[(&str, &str)]) -> Result<Page<Ticket>> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
    let page = visit.read(&TICKETS, &format!("/api/tickets?{query}")).await?;
    Ok(page.unwrap_or_default())
}
