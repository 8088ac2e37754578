//! `GET /api/admissions/{id}`: one ticket of one's own.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions as api;
use boxoffice_kernel::UserCx;
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::{Id, etag};
use boxoffice_kernel::problem::{self, ProblemBody};
use http::header::{ETAG, HeaderName, HeaderValue};

use crate::SERVICE;
use crate::admission::Admission;
use crate::key::{self, Keys};
use crate::listing::Listing;
use crate::refusal::{Refusal, Result};

pub(crate) fn route() -> Router {
    Router::new().route("/api/admissions/{id}", get(show))
}

/// One ticket
#[utoipa::path(
    get, path = "/api/admissions/{id}", tag = "admissions", operation_id = "show_admission",
    params(("id" = Uuid, Path, description = "The admission")),
    responses(
        (status = 200, description = "The ticket, with its code", body = api::Admission),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    cx: UserCx,
    Id(id): Id<AdmissionId>,
) -> problem::Result<([(HeaderName, HeaderValue); 1], Json<api::Admission>)> {
    let admission = own_in(&cx, &mut Reader::new(&SERVICE), id).await?;
    let tag = etag::of(admission.version);
    Ok(([(ETAG, tag)], Json(body(&cx, &admission).await?)))
}

/// Finds the admission `id`, which must be that of the user who asks.
pub(crate) async fn own_in(
    cx: &UserCx,
    read: &mut impl Read,
    id: AdmissionId,
) -> Result<Admission> {
    let admission = Admission::find_in(read, id).await?.ok_or(Refusal::NoSuchAdmission)?;
    if admission.holder_id == cx.user.id { Ok(admission) } else { Err(Refusal::NotHolder) }
}

/// What the API answers of `admission`.
pub(crate) async fn body(cx: &UserCx, admission: &Admission) -> Result<api::Admission> {
    let listing = Listing::get(cx, admission.ticket_id).await?;
    let keys = Keys::load().await?;
    Ok(admission.body(listing.event(), &keys.signer, &key::shop().await?))
}
