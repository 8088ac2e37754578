//! `POST /api/tickets`: lists tickets for sale.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::events::kind;
use boxoffice_contract::tickets::{self as api, Draft};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Unit, UserCx};

use crate::SERVICE;
use crate::refusal::{self, Refusal};
use crate::ticket::Ticket;
use crate::{pages, people};

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets", post(create))
}

/// List tickets for sale
#[utoipa::path(
    post, path = "/api/tickets", tag = "tickets", operation_id = "create_ticket", request_body = Draft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 201, description = "The new listing", body = api::Ticket),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The seller's address is not verified, and this shop asks for that; or the account is suspended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    cx: UserCx,
    idempotency: Idempotency,
    Valid(draft): Valid<Draft>,
) -> Result<Response> {
    cx.may_sell().await?;
    let work = async |unit: &mut Unit<'_>| list(&cx, unit, draft.clone()).await;
    let created = command::run(&cx, &SERVICE, &idempotency, work).await;
    Ok(pages::changed(created).await?)
}

async fn list(cx: &UserCx, unit: &mut Unit<'_>, draft: Draft) -> refusal::Result<Reply> {
    // A session goes on for two seconds after its account was suspended.
    if people::is_suspended(unit, cx.user.id).await? {
        return Err(Refusal::Suspended);
    }
    let ticket = Ticket::new(cx.user.id, draft);
    unit.insert(ticket.insert()?);
    unit.emit(ticket.event(kind::TicketCreated)?);
    unit.tell(ticket.news(false));
    let location = format!("/api/tickets/{}", ticket.id);
    Ok(Reply::created(&location, &ticket.body())?.at_version(ticket.version))
}
