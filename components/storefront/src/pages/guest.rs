//! `/guest`: buys with an address alone.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::users as api;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Guest};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, Uri};

use super::entrance::{go_on, next_of, wish};
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::redirect_target::{entrance, local};
use crate::services::{AUTH, Change};
use crate::visitor::Visit;
use crate::{accounts, mail};

const ADDRESS: &str = "/guest";
const FIELDS: [&str; 1] = ["email"];

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(show).post(enter))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let next = next_of(&uri);
    let visit = accounts::asked_again(visit).await;
    if visit.user.is_some() {
        return Ok(answer::go(&visit, &next, None).await?);
    }
    let state = state(&visit, next, blank()).await?;
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn enter(visit: Visit, sent: Sent) -> Result<Response> {
    let next = local(sent.value("next")).to_owned();
    let change = Change::new(Method::POST, "/api/users/guest", sent.key());
    let guest = api::Guest { email: sent.value("email").to_owned() };
    match visit.command(&AUTH, change, Some(&guest)).await? {
        Ok(entered) => go_on(&visit, &next, None, sent.key(), &entered).await,
        Err(refusal) => {
            let form = sent.again(&FIELDS, refusal.on(&FIELDS), new_key());
            let state = state(&visit, next, form).await?;
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

async fn state(visit: &Visit, next: String, form: Form) -> Result<State> {
    let (is_mailed, wish) = (mail::is_sent().await?, wish(visit, &next).await);
    let state = visit.state("Continue as a guest", "", Page::Drawn(Drawn::default()));
    let state = State { here: entrance(ADDRESS, &next), ..state };
    Ok(account::guest(state, Guest { is_mailed, next, wish, form }))
}
