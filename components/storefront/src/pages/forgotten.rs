//! `/forgotten`: asks for a letter by which one chooses a new password.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::users as api;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Forgotten};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, Uri};

use super::entrance::next_of;
use super::link;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::mail;
use crate::redirect_target::{entrance, local};
use crate::services::{AUTH, Change};
use crate::visitor::Visit;

const ADDRESS: &str = "/forgotten";
const SENT: &str = "/forgotten/sent";
const FIELDS: [&str; 1] = ["email"];

pub(crate) fn routes() -> Router {
    Router::new().route(ADDRESS, get(show).post(ask)).route(SENT, get(sent))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let state = state(&visit, next_of(&uri), blank()).await?;
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn ask(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/reset", sent.key());
    let next = local(sent.value("next")).to_owned();
    let wanted =
        api::Forgotten { email: sent.value("email").to_owned(), next: link::mailed(&next) };
    match visit.command(&AUTH, change, Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, &entrance(SENT, &next), None).await?),
        Err(refusal) => {
            let form = sent.again(&FIELDS, refusal.on(&FIELDS), new_key());
            let state = state(&visit, next, form).await?;
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

async fn sent(visit: Visit, uri: Uri) -> Result<Response> {
    let next = next_of(&uri);
    let state = account::sent(empty(&visit, &next), &next);
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn state(visit: &Visit, next: String, form: Form) -> Result<State> {
    let is_mailed = mail::is_sent().await?;
    let state = empty(visit, &next);
    Ok(account::forgotten(state, Forgotten { is_mailed, next, form }))
}

fn empty(visit: &Visit, next: &str) -> State {
    let state = visit.state("Forgot your password?", "", Page::Drawn(Drawn::default()));
    State { here: entrance(ADDRESS, next), ..state }
}
