//! `GET /internal/tickets/{id}`: what `orders` and `admissions` ask while an event is on its way to them.
//!
//! No route of `spin.toml` leads here from outside: it tells of withdrawn listings too.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::TicketId;
use boxoffice_contract::events::TicketState;
use boxoffice_kernel::db::Reader;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;

use crate::SERVICE;
use crate::refusal::Refusal;
use crate::ticket::Ticket;

pub(crate) fn route() -> Router {
    Router::new().route("/internal/tickets/{id}", get(state))
}

async fn state(Id(id): Id<TicketId>) -> Result<Json<TicketState>> {
    let ticket = Ticket::find_in(&mut Reader::new(&SERVICE), id).await?;
    Ok(Json(ticket.ok_or(Refusal::NoSuchListing)?.state()))
}
