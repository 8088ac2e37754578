//! `POST /api/admissions/{id}/accept`: takes over a ticket that somebody hands on. `GET`: what it is.

use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::admissions::{self as api, Acceptance, AdmissionStatus, TransferOffer};
use boxoffice_contract::{AdmissionId, TransferId};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::Reader;
use boxoffice_kernel::http::{Fields, Id, Valid};
use boxoffice_kernel::problem::{self, ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, UserCx};
use http::Uri;

use crate::SERVICE;
use crate::admission::{Admission, transfer_token};
use crate::issuer::Issuer;
use crate::key::{self, Keys};
use crate::listing::Listing;
use crate::refusal::{self, Refusal};
use crate::transfer::address;
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/api/admissions/{id}/accept", get(offer).post(accept))
}

/// What a transfer is of
///
/// The link is enough to see it: its receiver may have no account yet.
#[utoipa::path(
    get, path = "/api/admissions/{id}/accept", tag = "admissions", operation_id = "show_transfer",
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("token" = String, Query, description = "The `token` in the transfer's link"),
    ),
    responses(
        (status = 200, description = "What the ticket is for, and for whom", body = TransferOffer),
        (status = 400, description = "The token is missing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The link no longer works", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn offer(
    cx: Cx,
    Id(id): Id<AdmissionId>,
    uri: Uri,
) -> problem::Result<Json<TransferOffer>> {
    let mut fields = Fields::parse(uri.query(), &["token"]);
    let token = fields.take("token", |text| Ok(text.to_owned())).unwrap_or_default();
    fields.finish()?;
    let found = Admission::find_in(&mut Reader::new(&SERVICE), id).await.map_err(Refusal::from)?;
    let admission = found.ok_or(Refusal::NoSuchAdmission)?;
    let keys = Keys::load().await?;
    waiting(&admission, &token, &keys).ok_or(Refusal::NoSuchTransfer)?;
    let waits = admission.transfer_email.zip(admission.transfer_until);
    let (email, expires_at) = waits.ok_or(Refusal::NoSuchTransfer)?;
    let event = Listing::get(&cx, admission.ticket_id).await?.event();
    Ok(Json(TransferOffer { event, email, expires_at }))
}

/// Accept a ticket
///
/// From then on it is yours: the earlier code is void, and yours lets you in.
#[utoipa::path(
    post, path = "/api/admissions/{id}/accept", tag = "admissions", operation_id = "accept_admission",
    request_body = Acceptance,
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The ticket, which is yours now", body = api::Admission),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The link is for another address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The link no longer works", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn accept(
    cx: UserCx,
    Id(id): Id<AdmissionId>,
    idempotency: Idempotency,
    Valid(acceptance): Valid<Acceptance>,
) -> Result<Response> {
    let known = Admission::find_in(&mut Reader::new(&SERVICE), id).await.map_err(Refusal::from)?;
    let known = known.ok_or(Refusal::NoSuchAdmission)?;
    let listing = Listing::get(&cx, known.ticket_id).await?;
    let issuer = Issuer::load().await?;
    let email = address(&cx.account().await?.email);
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        let link = Link { token: &acceptance.token, email: &email };
        let admission = take_over(&cx, unit, id, link, &issuer.keys).await?;
        let body = admission.body(&listing, &issuer);
        Ok(Reply::ok(&body)?.at_version(admission.version))
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// The link that somebody has followed.
#[derive(Clone, Copy)]
struct Link<'a> {
    token: &'a str,
    /// The address of the user who followed it.
    email: &'a str,
}

/// Gives the admission to the user, if the link is that of its transfer and for their address.
async fn take_over(
    cx: &UserCx,
    unit: &mut Unit<'_>,
    id: AdmissionId,
    link: Link<'_>,
    keys: &Keys,
) -> refusal::Result<Admission> {
    let admission = Admission::find_in(unit, id).await?.ok_or(Refusal::NoSuchAdmission)?;
    if admission.holder_id == cx.user.id {
        // Accepted before, and the answer got lost.
        return Ok(admission);
    }
    let transfer = waiting(&admission, link.token, keys).ok_or(Refusal::NoSuchTransfer)?;
    if admission.transfer_email.as_deref() != Some(link.email) {
        return Err(Refusal::ForSomebodyElse);
    }
    let accepted = transition::accept(unit, id, transfer, cx.user.id, Timestamp::now()).await?;
    if let Some(admission) = accepted {
        return Ok(admission);
    }
    // A second click may have been faster: the ticket is the user's all the same.
    let now = Admission::find_in(unit, id).await?;
    now.filter(|now| now.holder_id == cx.user.id).ok_or(Refusal::NoSuchTransfer)
}

/// Returns the transfer that waits, if `token` is that of its link.
fn waiting(admission: &Admission, token: &str, keys: &Keys) -> Option<TransferId> {
    let transfer = admission.transfer_id.filter(|_| admission.status == AdmissionStatus::Valid)?;
    let secret = transfer_token(&keys.signer, admission.id, transfer);
    key::is_same(token, &secret).then_some(transfer)
}
