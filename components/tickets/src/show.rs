//! `GET /api/tickets/{id}`: one listing.

use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::tickets as api;
use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::{Id, etag, json};
use boxoffice_kernel::identity::MaybeUser;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::query;
use http::request::Parts;

use crate::SERVICE;
use crate::refusal::Refusal;
use crate::stored_json::StoredJson;
use crate::ticket::Status;

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets/{id}", get(show))
}

/// One listing
///
/// A withdrawn one is shown to its seller, and to those who hold or have bought tickets of it.
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
pub(crate) async fn show(Id(id): Id<TicketId>, mut parts: Parts) -> Result<Response> {
    let shown = StoredJson::find(id).await?.ok_or(Refusal::NoSuchListing)?;
    // Only then: a session is not verified for what everybody sees.
    if shown.status == Status::Withdrawn && !is_among(id, &mut parts).await? {
        return Err(Refusal::NoSuchListing.into());
    }
    Ok(json::revalidated(&parts.headers, etag::of(shown.version), || shown.json))
}

/// Whether the one who asks sells, holds or has bought tickets of the listing `id`.
async fn is_among(id: TicketId, parts: &mut Parts) -> Result<bool> {
    let MaybeUser(Some(user)) = MaybeUser::from_request_parts(parts, &()).await? else {
        return Ok(false);
    };
    let found: Option<(TicketId,)> = Reader::new(&SERVICE).read(with_part(id, user.id)).await?;
    Ok(found.is_some())
}

/// Finds the listing `id` if `user` sells it, or has an order of it.
pub(crate) fn with_part(id: TicketId, user: UserId) -> Query {
    // The statuses are written out, as in the conditions of the indexes.
    query!(
        "SELECT id FROM tickets_tickets WHERE id = ?1 AND seller_id = ?2 \
         UNION ALL SELECT ticket_id FROM tickets_orders \
          WHERE ticket_id = ?1 AND buyer_id = ?2 AND status = 'complete' \
         UNION ALL SELECT ticket_id FROM tickets_orders \
          WHERE ticket_id = ?1 AND buyer_id = ?2 AND status IN ('created', 'awaiting:payment') \
         LIMIT 1",
        id,
        user
    )
}
