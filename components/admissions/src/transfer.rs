//! `POST` and `DELETE /api/admissions/{id}/transfer`: hands a ticket on, and takes it back.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::admissions::{self as api, AdmissionStatus, NewTransfer};
use boxoffice_contract::{AdmissionId, TransferId};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::limit::{self, Limit};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Timestamp, Unit, UserCx};

use crate::SERVICE;
use crate::admission::Admission;
use crate::issuer::Issuer;
use crate::listing::Listing;
use crate::refusal::{self, Refusal};
use crate::show::own_in;
use crate::transition::{self, Transfer};

/// How long a transfer can be accepted, in seconds.
const OPEN_SECONDS: i64 = 7 * 24 * 60 * 60;
/// How many transfers a holder may begin in a day. Each brings a letter to an address that they chose, so
/// more would be unwanted mail in the shop's name.
static LETTERS: Limit = Limit { name: "transfers_of_holder", allowed: 100, seconds: 24 * 60 * 60 };

pub(crate) fn route() -> Router {
    Router::new().route("/api/admissions/{id}/transfer", post(begin).delete(take_back))
}

/// Hand a ticket on
///
/// Makes a link for the receiver, in place of an earlier one. Until they accept, the ticket stays yours:
/// its code lets you in, and you can take it back.
#[utoipa::path(
    post, path = "/api/admissions/{id}/transfer", tag = "admissions", operation_id = "transfer_admission",
    request_body = NewTransfer,
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The ticket, with its transfer", body = api::Admission),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was used, refunded, is on sale, or may not be handed on again", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "You have handed 100 tickets on in a day; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin(
    cx: UserCx,
    Id(id): Id<AdmissionId>,
    idempotency: Idempotency,
    Valid(wanted): Valid<NewTransfer>,
) -> Result<Response> {
    let email = address(&wanted.email);
    if email == address(&cx.account().await?.email) {
        return Err(Refusal::ToOneself.into());
    }
    count(&cx).await?;
    let transfer = Transfer {
        id: TransferId::new(),
        email: &email,
        until: Timestamp::now().plus_seconds(OPEN_SECONDS),
    };
    change(&cx, id, &idempotency, async |unit, listing| {
        let limit = listing.transfer_limit;
        transition::begin_transfer(unit, id, cx.user.id, &transfer, limit).await
    })
    .await
}

/// Counts a transfer that its holder wants to begin.
async fn count(cx: &UserCx) -> refusal::Result<()> {
    let Some(met) = limit::count(cx, &SERVICE, &[LETTERS.of(cx.user.id)]).await? else {
        return Ok(());
    };
    log::security(&cx.with("limit", met.limit.name), Security::LimitMet, Some(cx.user.id));
    Err(Refusal::TooManyTransfers { seconds: met.seconds })
}

/// Take a ticket back
///
/// Its link no longer works. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/admissions/{id}/transfer", tag = "admissions", operation_id = "take_back_admission",
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The ticket, without a transfer", body = api::Admission),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket, or accepted already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn take_back(
    cx: UserCx,
    Id(id): Id<AdmissionId>,
    idempotency: Idempotency,
) -> Result<Response> {
    change(&cx, id, &idempotency, async |unit, _| {
        match transition::take_back(unit, id, cx.user.id).await? {
            Some(admission) => Ok(Some(admission)),
            // Nothing waits: that is what was wanted.
            None => Ok(own_in(&cx, unit, id).await.ok()),
        }
    })
    .await
}

/// Changes an admission of the user's and answers with it.
async fn change(
    cx: &UserCx,
    id: AdmissionId,
    idempotency: &Idempotency,
    change: impl AsyncFn(&mut Unit<'_>, &Listing) -> anyhow::Result<Option<Admission>>,
) -> Result<Response> {
    // What may have to ask a sibling is asked before the unit begins.
    let known = own_in(cx, &mut Reader::new(&SERVICE), id).await?;
    let listing = Listing::get(cx, known.ticket_id).await?;
    let issuer = Issuer::load().await?;
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        match change(unit, &listing).await? {
            Some(admission) => {
                let body = admission.body(&listing, &issuer);
                Ok(Reply::ok(&body)?.at_version(admission.version))
            }
            None => Err(refuse(cx, unit, id, &listing).await),
        }
    };
    Ok(command::run(cx, &SERVICE, idempotency, work).await?)
}

/// Says why the user's admission cannot change.
async fn refuse(cx: &UserCx, read: &mut impl Read, id: AdmissionId, listing: &Listing) -> Refusal {
    let admission = match own_in(cx, read, id).await {
        Ok(admission) => admission,
        Err(refusal) => return refusal,
    };
    match admission.status {
        AdmissionStatus::Valid if admission.transfers_left(listing) == Some(0) => {
            Refusal::NoMoreTransfers
        }
        status => refusal::of_status(status),
    }
}

/// Writes an address as accounts are compared by it.
pub(crate) fn address(email: &str) -> String {
    email.trim().to_lowercase()
}
