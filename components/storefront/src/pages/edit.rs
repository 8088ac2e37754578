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
use boxoffice_web::state::{FieldError, Form, Page, Sell, State};
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

/// What a seller is told while somebody is checking out.
pub(crate) const HELD: &str = "Someone is checking out. You can edit this if their hold ends.";

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
    let path = format!("/api/tickets/{id}");
    let version = sent.given("version").and_then(|version| version.parse().ok());
    let change = Change { version, ..Change::new(Method::PUT, &path, sent.key()) };
    match visit.command(&TICKETS, change, Some(&draft.body)).await? {
        Ok(_) => Ok(answer::go(&visit, &format!("/tickets/{id}"), Some(Notice::Saved)).await?),
        Err(refusal) if matches!(refusal.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => {
            Err(refusal.into_problem())
        }
        Err(refusal) => {
            // With the version as it is now: who sends the form again has been told of the change.
            let ticket = find(&visit, id).await?;
            let refusal = in_view_of(&ticket, refusal);
            let errors = errors(draft, &refusal, &sent, &visit);
            let state = state(&visit, &ticket, sent.again(&FIELDS, errors, new_key()), None);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

/// What `refusal` comes to now that the listing has been looked at anew. A hold changes its version as
/// an edit does: without this, sellers were told to save again what cannot be saved.
fn in_view_of(ticket: &Ticket, refusal: Refusal) -> Refusal {
    match locked(ticket) {
        Some(detail) if refusal.status == StatusCode::PRECONDITION_FAILED => {
            Refusal { status: StatusCode::CONFLICT, detail, ..refusal }
        }
        _ => refusal,
    }
}

fn errors(draft: Draft, refusal: &Refusal, sent: &Sent, visit: &Visit) -> Vec<FieldError> {
    let at_all = |message: &str| vec![wrong_at_all(message)];
    match refusal.status {
        StatusCode::UNAUTHORIZED => at_all(SIGN_IN_ELSEWHERE),
        StatusCode::PRECONDITION_FAILED => at_all(
            "This listing has changed since you opened this page. Your own version is below: save \
             it again to replace the change.",
        ),
        StatusCode::CONFLICT if refusal.code == "held" => at_all(HELD),
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

/// Why the listing cannot be edited right now.
fn locked(ticket: &Ticket) -> Option<String> {
    let why = match status(ticket) {
        TicketStatus::Open | TicketStatus::Held if ticket.resale_of.is_some() => {
            "A ticket that you sell on cannot be edited. Take it off sale and offer it again."
        }
        TicketStatus::Open => return None,
        TicketStatus::Held => HELD,
        TicketStatus::Sold => "All of these tickets are sold. The listing stays as it is.",
        TicketStatus::Withdrawn => {
            "This listing is withdrawn. List the tickets again to sell them."
        }
    };
    Some(why.to_owned())
}

fn state(visit: &Visit, ticket: &Ticket, form: Form, locked: Option<String>) -> State {
    let page = Sell {
        ticket: Some(ticket.id),
        version: Some(ticket.version),
        locked,
        withdraw: (ticket.status == TicketStatus::Open).then(blank),
        ..draft::page(form)
    };
    let title = format!("Edit “{}”", isolated(&ticket.title));
    State { here: address(ticket.id), ..visit.state(&title, "", Page::Sell(page)) }
}
