//! `/reset`: a new password, by the link of a letter.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::users as api;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Arrival};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, StatusCode, Uri};

use super::entrance::{go_on, next_of};
use super::second_step;
use super::verify::token_of;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::notice::Notice;
use crate::redirect_target::{entrance, local};
use crate::services::{AUTH, Change};
use crate::visitor::Visit;

const ADDRESS: &str = "/reset";
const FORGOTTEN: &str = "/forgotten";
const FIELDS: [&str; 1] = ["password"];

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(show).post(choose))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let (token, next) = (token_of(&uri), next_of(&uri));
    if token.is_empty() {
        return Ok(answer::go(&visit, &entrance(FORGOTTEN, &next), None).await?);
    }
    let page = answer::show(&visit, state(&visit, token, next, blank()), Keep::Never).await?;
    Ok(answer::without_referrer(page))
}

async fn choose(visit: Visit, sent: Sent) -> Result<Response> {
    let (next, token) = (local(sent.value("next")).to_owned(), sent.value("token").to_owned());
    let change = Change::new(Method::POST, "/api/users/reset/confirm", sent.key());
    let wanted = api::Reset { token: token.clone(), password: sent.raw("password").to_owned() };
    match visit.command(&AUTH, change, Some(&wanted)).await? {
        Ok(chosen) => go_on(&visit, &next, Some(Notice::PasswordReset), sent.key(), &chosen).await,
        Err(refusal) if refusal.is_unauthorized() => {
            let said = Some("Your password is changed. Other devices are signed out.");
            let response = second_step::instead(&visit, &refusal, &next, said).await?;
            response.ok_or_else(|| refusal.into_problem())
        }
        Err(refusal) if refusal.status == StatusCode::CONFLICT => {
            let on = entrance(FORGOTTEN, &next);
            let state = account::void(empty(&visit), refusal.detail, on, "Ask for another e-mail");
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&FIELDS), new_key());
            let state = state(&visit, token, next, form);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

fn state(visit: &Visit, token: String, next: String, form: Form) -> State {
    account::reset(empty(visit), Arrival { token, next, form })
}

/// The page without its contents. Its address leaves the token out, or links back to it would spread it.
fn empty(visit: &Visit) -> State {
    let state = visit.state("New password", "", Page::Drawn(Drawn::default()));
    State { here: ADDRESS.to_owned(), ..state }
}
