//! `DELETE /api/tickets/{id}`: takes a listing of one's own off sale.

use axum::response::{IntoResponse, Response};
use axum::routing::delete;
use axum::{Extension, Router};
use boxoffice_contract::TicketId;
use boxoffice_contract::events::kind;
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::http::etag::IfMatch;
use boxoffice_kernel::http::serve::RequestId;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::trace::Traced;

use crate::SERVICE;
use crate::edit::{changed_meanwhile, own, sold, unless_overtaken};
use crate::freeze::{freeze, still_holds};
use crate::pages;
use crate::ticket::{Status, Ticket};

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets/{id}", delete(withdraw))
}

/// Withdraw a listing
///
/// Sold tickets stay sold. The rest is off sale for good. Refused while someone is checking out.
#[utoipa::path(
    delete, path = "/api/tickets/{id}", tag = "tickets", operation_id = "withdraw_ticket",
    params(
        ("id" = Uuid, Path, description = "The listing"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the change is based on"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 204, description = "The listing is withdrawn"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's listing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This listing does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Held or sold", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Changed since If-Match", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    user: User,
    Id(id): Id<TicketId>,
    if_match: IfMatch,
    idempotency: Idempotency,
    Traced(trace): Traced,
    Extension(request_id): Extension<RequestId>,
) -> Result<Response> {
    let caller = user.id.to_string();
    if let Some(replay) = command::replay(&SERVICE, &caller, &idempotency).await? {
        return Ok(replay);
    }
    unless_overtaken(&if_match, async || {
        let ticket = own(&user, id).await?;
        if ticket.status == Status::Withdrawn {
            return Ok(Reply::no_content().into_response());
        }
        if_match.check(ticket.version)?;
        if ticket.status == Status::Sold {
            return Err(sold());
        }
        let frozen = freeze(&ticket, &user, &request_id).await?;
        let changed = command::run(&SERVICE, &caller, trace, &idempotency, async |transaction| {
            let withdrawn = Ticket::withdraw(transaction, id, ticket.version).await?;
            let withdrawn = withdrawn.ok_or_else(changed_meanwhile)?;
            transaction.emit(withdrawn.event(kind::TicketUpdated)?);
            transaction.tell(withdrawn.news(false));
            still_holds(&frozen)?;
            Ok(Reply::no_content())
        });
        pages::changed(changed.await).await
    })
    .await
}
