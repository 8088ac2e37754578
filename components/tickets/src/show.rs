//! `GET /api/tickets/{id}`: one listing.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_common::Problem;
use boxoffice_common::http::{Id, etag};
use boxoffice_common::problem::{ProblemBody, Result};
use http::header::{ETAG, HeaderName, HeaderValue};

use crate::ticket::Ticket;

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets/{id}", get(show))
}

/// One listing
#[utoipa::path(
    get, path = "/api/tickets/{id}", tag = "tickets", operation_id = "show_ticket",
    params(("id" = Uuid, Path, description = "The listing")),
    responses(
        (status = 200, description = "The listing; its version is in the ETag", body = Ticket),
        (status = 404, description = "There is no such listing", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(Id(id): Id) -> Result<([(HeaderName, HeaderValue); 1], Json<Ticket>)> {
    let ticket = Ticket::find(id).await?.ok_or_else(not_found)?;
    Ok(([(ETAG, etag::of(ticket.version))], Json(ticket)))
}

pub(crate) fn not_found() -> Problem {
    Problem::not_found("There is no such listing")
}
