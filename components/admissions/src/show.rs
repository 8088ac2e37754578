//! `GET /api/admissions/{id}`: one ticket of one's own, or with an ending after the id a file of it.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions::{self as api, AdmissionStatus};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::{Fields, etag};
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Problem, UserCx};
use boxoffice_ticket_pdf::Page;
use http::Uri;
use http::header::{ETAG, HeaderName, HeaderValue};

use crate::SERVICE;
use crate::admission::Admission;
use crate::issuer::Issuer;
use crate::listing::Listing;
use crate::refusal::{Refusal, Result};
use crate::{paper, wallet};

pub(crate) fn route() -> Router {
    Router::new().route("/api/admissions/{id}", get(answer))
}

/// Answers with the ticket, or with the file of it that the ending after the id asks for.
async fn answer(cx: UserCx, Path(text): Path<String>, uri: Uri) -> problem::Result<Response> {
    let (id, ending) = text.split_once('.').unwrap_or((&text, ""));
    let id = id.parse().map_err(|_| Problem::not_found("This id does not exist"))?;
    match ending {
        "" => Ok(show(cx, id).await?.into_response()),
        "pdf" => {
            let mut fields = Fields::parse(uri.query(), &["format"]);
            let page = fields.take("format", paper::read_format).unwrap_or(Page::A4);
            fields.finish()?;
            paper::print(&cx, id, page).await
        }
        "pkpass" => wallet::apple_pass(&cx, id).await,
        "google" => wallet::google_pass(&cx, id).await,
        _ => Err(Problem::not_found("A ticket comes as .pdf, .pkpass or .google")),
    }
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
    id: AdmissionId,
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

/// Finds the same with its event. It must have a code, and one that a file can hold.
pub(crate) async fn on_file(cx: &UserCx, id: AdmissionId) -> Result<(Admission, Listing)> {
    let admission = own_in(cx, &mut Reader::new(&SERVICE), id).await?;
    match admission.status {
        AdmissionStatus::Valid | AdmissionStatus::Used => {}
        AdmissionStatus::Offered => return Err(Refusal::Offered),
        AdmissionStatus::Void => return Err(Refusal::Void),
    }
    let listing = Listing::get(cx, admission.ticket_id).await?;
    if admission.needs_name(&listing) {
        return Err(Refusal::NeedsName);
    }
    if listing.turns() {
        return Err(Refusal::Turns);
    }
    Ok((admission, listing))
}

/// What the API answers of `admission`.
pub(crate) async fn body(cx: &UserCx, admission: &Admission) -> Result<api::Admission> {
    let listing = Listing::get(cx, admission.ticket_id).await?;
    let issuer = Issuer::load().await?;
    let turning = admission.turning(&listing, &issuer.keys.signer);
    Ok(api::Admission { turning, ..admission.body(&listing, &issuer) })
}
