//! `POST /admissions/{id}/transfer`: hands a ticket on. `POST …/take-back`: takes it back.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions::NewTransfer;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use http::{Method, StatusCode};

use super::admission::{Forms, address, load, refused};
use crate::answer;
use crate::form::{Sent, new_key};
use crate::notice::Notice;
use crate::services::{ADMISSIONS, Change};
use crate::visitor::Visit;

const FIELDS: [&str; 1] = ["email"];

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/admissions/{id}/transfer", post(offer))
        .route("/admissions/{id}/take-back", post(take_back))
}

async fn offer(visit: Visit, Id(id): Id<AdmissionId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/admissions/{id}/transfer");
    let change = Change::new(Method::POST, &path, sent.key());
    let wanted = NewTransfer { email: sent.value("email").to_owned() };
    match visit.command(&ADMISSIONS, change, Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, &address(id), Some(Notice::Offered)).await?),
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let form = sent.again(&FIELDS, refusal.on(&FIELDS), new_key());
            let forms = Forms { transfer: Some(form), ..Forms::default() };
            let state = load(&visit, id, forms).await?;
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => refused(&visit, id, refusal).await,
    }
}

async fn take_back(visit: Visit, Id(id): Id<AdmissionId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/admissions/{id}/transfer");
    let change = Change::new(Method::DELETE, &path, sent.key());
    match visit.command(&ADMISSIONS, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, &address(id), Some(Notice::TakenBack)).await?),
        Err(refusal) => refused(&visit, id, refusal).await,
    }
}
