//! `/verify`: proves an address, by the link of a letter.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::users::Confirmation;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Proof};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, StatusCode, Uri};

use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::notice::Notice;
use crate::services::{AUTH, Change};
use crate::visitor::Visit;

const ADDRESS: &str = "/verify";

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(show).post(verify))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let page = answer::show(&visit, state(&visit, token_of(&uri), blank()), Keep::Never).await?;
    Ok(answer::without_referrer(page))
}

async fn verify(visit: Visit, sent: Sent) -> Result<Response> {
    let token = sent.value("token").to_owned();
    let change = Change::new(Method::POST, "/api/users/verification/confirm", sent.key());
    let proof = Confirmation { code: None, token: Some(token.clone()) };
    match visit.command(&AUTH, change, Some(&proof)).await? {
        Ok(_) => {
            let next = if visit.user.is_some() { super::account::ADDRESS } else { "/" };
            Ok(answer::go(&visit, next, Some(Notice::Verified)).await?)
        }
        Err(refusal)
            if matches!(refusal.status, StatusCode::CONFLICT | StatusCode::BAD_REQUEST) =>
        {
            let on = (super::account::ADDRESS, "To my account");
            let state = account::ended(empty(&visit), refusal.detail, on);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&[]), new_key());
            Ok(answer::refuse(&visit, refusal.status, state(&visit, token, form)).await?)
        }
    }
}

/// Reads the token in the address that a letter's link leads to; empty without one.
pub(crate) fn token_of(uri: &Uri) -> String {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let token = pairs.find_map(|(name, value)| (name == "token").then(|| value.into_owned()));
    token.unwrap_or_default()
}

fn state(visit: &Visit, token: String, form: Form) -> State {
    account::verify(empty(visit), Proof { token, form })
}

/// The page without its contents. Its address leaves the token out, or links back to it would spread it.
fn empty(visit: &Visit) -> State {
    let state = visit.state("Verify your address", "", Page::Drawn(Drawn::default()));
    State { here: ADDRESS.to_owned(), ..state }
}
