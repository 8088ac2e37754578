//! `PUT /api/tickets/{id}`: changes a listing of one's own.

use axum::response::Response;
use axum::routing::put;
use axum::{Extension, Router};
use boxoffice_contract::TicketId;
use boxoffice_contract::events::kind;
use boxoffice_contract::tickets::{self as api, Draft};
use boxoffice_kernel::Problem;
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::etag::IfMatch;
use boxoffice_kernel::http::serve::RequestId;
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::trace::Traced;
use send_wrapper::SendWrapper;

use crate::SERVICE;
use crate::freeze::{freeze, still_holds};
use crate::pages;
use crate::show::not_found;
use crate::ticket::{Status, Ticket, tidied};

/// How often a change is begun that others overtake.
const ATTEMPTS: u32 = 4;
/// The code of a change that was overtaken.
const CHANGED: &str = "changed";

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets/{id}", put(edit))
}

/// Change a listing
///
/// Replaces everything that the seller wrote. Refused while someone is checking out.
#[utoipa::path(
    put, path = "/api/tickets/{id}", tag = "tickets", operation_id = "edit_ticket", request_body = Draft,
    params(
        ("id" = Uuid, Path, description = "The listing"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the change is based on"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The changed listing", body = api::Ticket),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's listing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This listing does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Held, sold or withdrawn", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Changed since If-Match", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn edit(
    user: User,
    Id(id): Id<TicketId>,
    if_match: IfMatch,
    idempotency: Idempotency,
    Traced(trace): Traced,
    Extension(request_id): Extension<RequestId>,
    Valid(draft): Valid<Draft>,
) -> Result<Response> {
    let caller = user.id.to_string();
    if let Some(replay) = command::replay(&SERVICE, &caller, &idempotency).await? {
        return Ok(replay);
    }
    let draft = tidied(draft);
    unless_overtaken(&if_match, async || {
        let ticket = own(&user, id).await?;
        if_match.check(ticket.version)?;
        match ticket.status {
            Status::Sold => return Err(sold()),
            Status::Withdrawn => return Err(withdrawn()),
            Status::Open | Status::Held => {}
        }
        let frozen = freeze(&ticket, &user, &request_id).await?;
        covers(&draft, frozen.sold)?;
        let changed = command::run(&SERVICE, &caller, trace, &idempotency, async |transaction| {
            let edited = ticket.update(transaction, draft.clone()).await?;
            let edited = edited.ok_or_else(changed_meanwhile)?;
            transaction.emit(edited.event(kind::TicketUpdated)?);
            still_holds(&frozen)?;
            // As orders counts: its events may have yet to tell.
            let edited = edited.counted(0, frozen.sold);
            transaction.tell(edited.news(true));
            Ok(Reply::ok(&edited.body())?.at_version(edited.version))
        });
        pages::changed(changed.await).await
    })
    .await
}

/// Makes a change that must find the version it is based on. Where the client does not mind which
/// version that is, a change that was overtaken begins anew: what it is based on may well have
/// changed between freezing and committing, by a hold that ended just before.
pub(crate) async fn unless_overtaken(
    if_match: &IfMatch,
    change: impl AsyncFn() -> Result<Response>,
) -> Result<Response> {
    SendWrapper::new(async move {
        for _ in 1..ATTEMPTS {
            match change().await {
                Err(problem) if problem.code() == Some(CHANGED) && !if_match.is_given() => {}
                outcome => return outcome,
            }
        }
        change().await
    })
    .await
}

/// Checks that not fewer tickets are listed than are `sold` already.
fn covers(draft: &Draft, sold: i64) -> Result<()> {
    if draft.quantity >= sold {
        return Ok(());
    }
    let message = format!("{sold} of these tickets are sold already; list at least as many");
    Err(Problem::invalid_field("quantity", message))
}

/// The listing `id`, which must be `user`'s.
pub(crate) async fn own(user: &User, id: TicketId) -> Result<Ticket> {
    let ticket = Ticket::find(id).await?.ok_or_else(not_found)?;
    if ticket.seller_id == user.id {
        return Ok(ticket);
    }
    Err(Problem::forbidden("Only its seller may change a listing"))
}

pub(crate) fn sold() -> Problem {
    Problem::conflict("All of these tickets are sold; the listing stays as it is", "sold")
}

fn withdrawn() -> Problem {
    Problem::conflict("This listing is withdrawn; list the tickets again", "withdrawn")
}

pub(crate) fn changed_meanwhile() -> Problem {
    Problem::conflict("This listing changed just now; read it again", CHANGED)
}
