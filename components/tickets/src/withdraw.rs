//! `DELETE /api/tickets/{id}`: takes a listing of one's own off sale.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::delete;
use boxoffice_contract::TicketId;
use boxoffice_contract::events::kind;
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::http::etag::IfMatch;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Unit, UserCx};

use crate::SERVICE;
use crate::edit::{overtaken, own};
use crate::freeze::{freeze, still_holds};
use crate::pages;
use crate::refusal::{self, Refusal};
use crate::ticket::{Status, Ticket};

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets/{id}", delete(withdraw))
}

/// Withdraw a listing
///
/// Sold tickets stay sold. The rest is off sale at once, and for good. Who is checking out may still pay
/// until their hold ends. A ticket that a fan sells on stays on sale while someone is checking out.
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
        (status = 409, description = "Sold, or a fan's ticket that is held", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Changed since If-Match", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    cx: UserCx,
    Id(id): Id<TicketId>,
    if_match: IfMatch,
    idempotency: Idempotency,
) -> Result<Response> {
    let work = async |unit: &mut Unit<'_>| take_off_sale(&cx, unit, id, &if_match).await;
    match command::run_asking_first(&cx, &SERVICE, &idempotency, work).await {
        // Twice is as good as once.
        Err(command::Error::Refused(Refusal::Withdrawn)) => Ok(Reply::no_content().into_response()),
        changed => Ok(pages::changed(changed).await?),
    }
}

/// Takes the listing off sale, while `orders` holds nothing more of it.
async fn take_off_sale(
    cx: &UserCx,
    unit: &mut Unit<'_>,
    id: TicketId,
    if_match: &IfMatch,
) -> refusal::Result<Reply> {
    let ticket = own(cx, unit, id).await?;
    if ticket.withdrawn {
        return Err(Refusal::Withdrawn);
    }
    if !if_match.allows(ticket.version) {
        return Err(Refusal::ReadBefore);
    }
    if ticket.status() == Status::Sold {
        return Err(Refusal::SoldOut);
    }
    unit.release();
    let frozen = freeze(cx, &ticket).await?;
    // The counts here may lag. A fan would get the ticket back that somebody has bought.
    if frozen.sold >= ticket.quantity {
        return Err(Refusal::SoldOut);
    }
    let withdrawn = unit.change::<Ticket>(Ticket::withdraw(id, ticket.version)).await?;
    let withdrawn = withdrawn.ok_or_else(|| overtaken(unit, if_match))?;
    unit.emit(withdrawn.event(kind::TicketUpdated)?);
    unit.tell(withdrawn.news(false));
    still_holds(&frozen)?;
    Ok(Reply::no_content())
}
