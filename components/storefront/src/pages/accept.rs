//! `/admissions/{id}/accept`: takes over a ticket that somebody hands on.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions::{Acceptance, AdmittedEvent, TransferOffer};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::accept::{Offer, drawn, ended};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, StatusCode, Uri};

use super::admission;
use super::entrance::sign_in_first;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::notice::Notice;
use crate::services::{ADMISSIONS, Change, Refusal, admissions, escaped, made};
use crate::shown::moment;
use crate::visitor::Visit;

const TITLE: &str = "Accept a ticket";

pub(crate) fn route() -> Router {
    Router::new().route("/admissions/{id}/accept", get(show).post(accept))
}

async fn show(visit: Visit, Id(id): Id<AdmissionId>, uri: Uri) -> Result<Response> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let token = pairs.find_map(|(name, value)| (name == "token").then(|| value.into_owned()));
    let token = token.unwrap_or_default();
    match load(&visit, id, &token, blank()).await? {
        Ok(state) => Ok(answer::show(&visit, state, Keep::Never).await?),
        Err(refusal) => nothing(&visit, id, &token, refusal).await,
    }
}

async fn accept(visit: Visit, Id(id): Id<AdmissionId>, sent: Sent) -> Result<Response> {
    let token = sent.value("token").to_owned();
    let path = format!("/api/admissions/{id}/accept");
    let change = Change::new(Method::POST, &path, sent.key());
    let acceptance = Acceptance { token: token.clone() };
    match visit.command(&ADMISSIONS, change, Some(&acceptance)).await? {
        Ok(_) => Ok(answer::go(&visit, &admission::address(id), Some(Notice::Accepted)).await?),
        Err(refusal) if refusal.is_unauthorized() => {
            sign_in_first(&visit, &address(id, &token)).await
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&[]), new_key());
            match load(&visit, id, &token, form).await? {
                Ok(state) => Ok(answer::refuse(&visit, refusal.status, state).await?),
                Err(_) => nothing(&visit, id, &token, refusal).await,
            }
        }
    }
}

fn address(id: AdmissionId, token: &str) -> String {
    format!("/admissions/{id}/accept?token={}", escaped(token))
}

fn state(visit: &Visit, id: AdmissionId, token: &str) -> State {
    let state = visit.state(TITLE, "", Page::Drawn(Drawn::default()));
    State { here: address(id, token), ..state }
}

/// Makes the page of what is offered, with `form` as the form that accepts it.
async fn load(
    visit: &Visit,
    id: AdmissionId,
    token: &str,
    form: Form,
) -> Result<Result<State, Refusal>> {
    let path = format!("/api/admissions/{id}/accept?token={}", escaped(token));
    let read = Change::new(Method::GET, &path, "");
    let answer = match visit.command(&ADMISSIONS, read, None::<&()>).await? {
        Ok(answer) => answer,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let TransferOffer { event, email, expires_at } = made(&answer)?;
    let AdmittedEvent { title, venue, city, starts_at, time_zone, .. } = event;
    let at = |at| moment(at, time_zone.as_deref(), &visit.language);
    let offer = Offer {
        id,
        token: token.to_owned(),
        title,
        venue,
        city,
        when: starts_at.map(at),
        email,
        until: at(expires_at),
        form,
    };
    Ok(Ok(drawn(state(visit, id, token), offer)))
}

/// Says why there is nothing to accept. Somebody who has accepted it already is led to their ticket.
async fn nothing(
    visit: &Visit,
    id: AdmissionId,
    token: &str,
    refusal: Refusal,
) -> Result<Response> {
    if refusal.status == StatusCode::NOT_FOUND {
        return Err(refusal.into_problem());
    }
    if visit.user.is_some() && matches!(admissions::find(visit, id).await, Ok(Some(_))) {
        return Ok(answer::go(visit, &admission::address(id), None).await?);
    }
    let state = ended(state(visit, id, token), new_key(), refusal.detail);
    Ok(answer::refuse(visit, refusal.status, state).await?)
}
