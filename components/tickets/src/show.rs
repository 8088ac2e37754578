//! `GET /api/tickets/{id}`: one listing.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::TicketId;
use boxoffice_contract::tickets as api;
use boxoffice_kernel::http::{Id, etag, json};
use boxoffice_kernel::problem::{ProblemBody, Result};
use http::HeaderMap;

use crate::refusal::Refusal;
use crate::stored_json::StoredJson;

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets/{id}", get(show))
}

/// One listing
#[utoipa::path(
    get, path = "/api/tickets/{id}", tag = "tickets", operation_id = "show_ticket",
    params(
        ("id" = Uuid, Path, description = "The listing"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the client's copy"),
    ),
    responses(
        (status = 200, description = "The listing; its version is in the ETag", body = api::Ticket),
        (status = 304, description = "Not modified since this ETag"),
        (status = 404, description = "This listing does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(Id(id): Id<TicketId>, headers: HeaderMap) -> Result<Response> {
    let shown = StoredJson::find(id).await?.ok_or(Refusal::NoSuchListing)?;
    Ok(json::revalidated(&headers, etag::of(shown.version), || shown.json))
}
