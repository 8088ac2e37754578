//! `/tickets/{id}/edit`: changes a listing of one's own.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::TicketId;
use boxoffice_contract::tickets::{Ticket, TicketStatus};
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::isolated;
use boxoffice_web::state::{BEFORE, FieldError, Form, Page, SEEN, Sell, State};
use bytes::Bytes;
use http::{Method, StatusCode};

use super::draft::{self, Draft, FIELDS};
use super::entrance::sign_in_first;
use super::sell::SIGN_IN_ELSEWHERE;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key, wrong_at_all};
use crate::notice::Notice;
use crate::services::tickets::{self, status};
use crate::services::{Change, Refusal, TICKETS};
use crate::visitor::Visit;

/// How often a form is sent to `tickets` while orders change the listing's version.
const ATTEMPTS: usize = 3;

pub(crate) fn route() -> Router {
    Router::new().route("/tickets/{id}/edit", get(show).post(edit))
}

async fn show(visit: Visit, Id(id): Id<TicketId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &address(id)).await;
    }
    let ticket = find(&visit, id).await?;
    if !visit.is(ticket.seller_id) {
        return Err(Problem::forbidden("Only its seller may change a listing"));
    }
    let form = draft::of(&ticket, &visit);
    let state = state(&visit, &ticket, form, locked(&ticket));
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn edit(visit: Visit, Id(id): Id<TicketId>, sent: Sent) -> Result<Response> {
    let draft = Draft::read(&sent, &visit);
    match save(&visit, id, &sent, &draft).await? {
        Ok(_) => Ok(answer::go(&visit, &format!("/tickets/{id}"), Some(Notice::Saved)).await?),
        Err(refusal) if matches!(refusal.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => {
            Err(refusal.into_problem())
        }
        Err(refusal) => {
            // With the version as it is now: who sends the form again has been told of the change.
            let ticket = find(&visit, id).await?;
            let errors = errors(draft, &refusal, &sent, &visit);
            let fields: Vec<&str> = FIELDS.into_iter().chain(BEFORE).collect();
            let mut form = sent.again(&fields, errors, new_key());
            form.values.insert(SEEN.to_owned(), draft::seen(&ticket));
            let state = state(&visit, &ticket, form, None);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

/// Saves what was sent. Orders change a listing's version as edits do. If nothing else has changed since
/// the form was filled, it is sent again for the version that there is now.
async fn save(
    visit: &Visit,
    id: TicketId,
    sent: &Sent,
    draft: &Draft,
) -> Result<Result<http::Response<Bytes>, Refusal>> {
    let path = format!("/api/tickets/{id}");
    let mut version = sent.given("version").and_then(|version| version.parse().ok());
    let mut attempts = 0;
    loop {
        let change = Change { version, ..Change::new(Method::PUT, &path, sent.key()) };
        let outcome = visit.command(&TICKETS, change, Some(&draft.body)).await?;
        attempts += 1;
        if attempts == ATTEMPTS || !outcome.as_ref().is_err_and(is_overtaken) {
            return Ok(outcome);
        }
        let ticket = find(visit, id).await?;
        if draft::seen(&ticket) != sent.value(SEEN) {
            return Ok(outcome);
        }
        version = Some(ticket.version);
    }
}

/// Whether the listing has another version than the form is for.
fn is_overtaken(refusal: &Refusal) -> bool {
    refusal.status == StatusCode::PRECONDITION_FAILED || refusal.code == "changed"
}

fn errors(draft: Draft, refusal: &Refusal, sent: &Sent, visit: &Visit) -> Vec<FieldError> {
    let at_all = |message: &str| vec![wrong_at_all(message)];
    match refusal.status {
        StatusCode::UNAUTHORIZED => at_all(SIGN_IN_ELSEWHERE),
        StatusCode::PRECONDITION_FAILED => at_all(
            "This listing has changed since you opened this page. Your own version is below: save \
             it again to replace the change.",
        ),
        StatusCode::CONFLICT => at_all(&refusal.detail),
        _ => draft.errors(refusal, sent, visit),
    }
}

async fn find(visit: &Visit, id: TicketId) -> Result<Ticket> {
    let ticket = tickets::find(visit, id).await?;
    ticket.ok_or_else(|| Problem::not_found("This listing does not exist"))
}

fn address(id: TicketId) -> String {
    format!("/tickets/{id}/edit")
}

/// Why the listing cannot be edited.
fn locked(ticket: &Ticket) -> Option<String> {
    let why = match status(ticket) {
        TicketStatus::Withdrawn => {
            "This listing is withdrawn. List the tickets again to sell them."
        }
        _ if ticket.resale_of.is_some() => {
            "A ticket that you sell on cannot be edited. Take it off sale and offer it again."
        }
        TicketStatus::Open | TicketStatus::Held | TicketStatus::Sold => return None,
    };
    Some(why.to_owned())
}

/// Whether the listing has tickets that can be taken off sale.
fn is_on_sale(ticket: &Ticket) -> bool {
    matches!(status(ticket), TicketStatus::Open | TicketStatus::Held)
}

fn state(visit: &Visit, ticket: &Ticket, form: Form, locked: Option<String>) -> State {
    let page = Sell {
        ticket: Some(ticket.id),
        version: Some(ticket.version),
        locked,
        withdraw: is_on_sale(ticket).then(blank),
        ..draft::page(form, &visit.language)
    };
    let title = format!("Edit “{}”", isolated(&ticket.title));
    State { here: address(ticket.id), ..visit.state(&title, "", Page::Sell(page)) }
}
