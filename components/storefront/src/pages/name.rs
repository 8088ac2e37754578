//! `POST /admissions/{id}/name`: says who comes with a ticket.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions::NewName;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use http::{Method, StatusCode};

use super::admission::{Forms, address, load, refused};
use crate::answer;
use crate::form::{Sent, new_key};
use crate::notice::Notice;
use crate::services::{ADMISSIONS, Change};
use crate::visitor::Visit;

const FIELDS: [&str; 1] = ["name"];

pub(crate) fn route() -> Router {
    Router::new().route("/admissions/{id}/name", post(name))
}

async fn name(visit: Visit, Id(id): Id<AdmissionId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/admissions/{id}/name");
    let change = Change::new(Method::PUT, &path, sent.key());
    let wanted = NewName { name: sent.value("name").to_owned() };
    match visit.command(&ADMISSIONS, change, Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, &address(id), Some(Notice::Named)).await?),
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let form = sent.again(&FIELDS, refusal.on(&FIELDS), new_key());
            let forms = Forms { name: Some(form), ..Forms::default() };
            let state = load(&visit, id, forms).await?;
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => refused(&visit, id, refusal).await,
    }
}
