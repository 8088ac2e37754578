//! `/tickets/new`: lists tickets.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::TicketId;
use boxoffice_contract::tickets::Ticket;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{Form, Page, State};
use http::{Method, Uri};

use super::draft::{self, Draft, FIELDS};
use super::entrance::sign_in_first;
use super::orders::parameter;
use crate::answer::{self, Keep};
use crate::form::{Sent, new_key, wrong_at_all};
use crate::notice::Notice;
use crate::services::{Change, TICKETS, made, tickets};
use crate::visitor::Visit;

const ADDRESS: &str = "/tickets/new";
/// The parameter that names a listing of one's own: the new one begins as its like.
const LIKE: &str = "like";
/// What those are told whose session has ended while they wrote: what they wrote is kept.
pub(crate) const SIGN_IN_ELSEWHERE: &str =
    "You are not signed in any more. Sign in again in another tab, then send this form once more.";

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(show).post(sell))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let like = parameter(&uri, LIKE).and_then(|id| id.parse().ok());
    let form = match like {
        Some(id) => like_another(&visit, id).await?,
        None => draft::empty(&visit),
    };
    let state = state(&visit, form);
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

/// Fills the form in as the visitor's own listing `id` is; with what a new one has if it is not theirs.
async fn like_another(visit: &Visit, id: TicketId) -> Result<Form> {
    let own = tickets::find(visit, id).await?;
    let own = own.filter(|ticket| visit.is(ticket.seller_id) && ticket.resale_of.is_none());
    Ok(own.map_or_else(|| draft::empty(visit), |ticket| draft::like(&ticket, visit)))
}

async fn sell(visit: Visit, sent: Sent) -> Result<Response> {
    let draft = Draft::read(&sent, &visit);
    let change = Change::new(Method::POST, "/api/tickets", sent.key());
    match visit.command(&TICKETS, change, Some(&draft.body)).await? {
        Ok(answer) => {
            let Ticket { id, .. } = made(&answer)?;
            Ok(answer::go(&visit, &format!("/tickets/{id}"), Some(Notice::Listed)).await?)
        }
        Err(refusal) => {
            let errors = match refusal.is_unauthorized() {
                true => vec![wrong_at_all(SIGN_IN_ELSEWHERE)],
                false => draft.errors(&refusal, &sent, &visit),
            };
            let state = state(&visit, sent.again(&FIELDS, errors, new_key()));
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

fn state(visit: &Visit, form: Form) -> State {
    let page = Page::Sell(draft::page(form, &visit.language));
    let description = "List tickets that you cannot use, for others who can.";
    State { here: ADDRESS.to_owned(), ..visit.state("Sell tickets", description, page) }
}
