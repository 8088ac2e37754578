//! `PUT /api/admissions/{id}/name`: says who comes with a ticket.

use axum::Router;
use axum::response::Response;
use axum::routing::put;
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions::{self as api, NewName};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Unit, UserCx};

use crate::SERVICE;
use crate::issuer::Issuer;
use crate::listing::Listing;
use crate::refusal::{self, Refusal};
use crate::show::own_in;
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/api/admissions/{id}/name", put(name))
}

/// Name the guest
///
/// Where the organizer asks for names, a ticket has no code before this. The name can be changed until
/// somebody has entered, and ends when the ticket changes hands.
#[utoipa::path(
    put, path = "/api/admissions/{id}/name", tag = "admissions", operation_id = "name_guest",
    request_body = NewName,
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The ticket, with the name", body = api::Admission),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was used, refunded, is on sale, or the organizer asks for no names", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn name(
    cx: UserCx,
    Id(id): Id<AdmissionId>,
    idempotency: Idempotency,
    Valid(wanted): Valid<NewName>,
) -> Result<Response> {
    // What may have to ask a sibling is asked before the unit begins.
    let known = own_in(&cx, &mut Reader::new(&SERVICE), id).await?;
    let listing = Listing::get(&cx, known.ticket_id).await?;
    let issuer = Issuer::load().await?;
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        if !listing.asks_names {
            return Err(Refusal::NoNames);
        }
        match transition::name(unit, id, cx.user.id, &wanted.name).await? {
            Some(admission) => {
                let body = admission.body(&listing, &issuer);
                Ok(Reply::ok(&body)?.at_version(admission.version))
            }
            None => Err(refuse(&cx, unit, id).await),
        }
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Says why the user's admission cannot have a name.
async fn refuse(cx: &UserCx, read: &mut impl Read, id: AdmissionId) -> Refusal {
    match own_in(cx, read, id).await {
        Ok(admission) => refusal::of_status(admission.status),
        Err(refusal) => refusal,
    }
}
