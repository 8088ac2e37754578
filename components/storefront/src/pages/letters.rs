//! Which letters somebody gets: a form of `/account`, and `/mail/unsubscribe`, where the links of letters
//! lead.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::mail::{NewPreferences, Preferences, Trouble};
use boxoffice_kernel::log;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Letters, Proof};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::{Method, StatusCode, Uri};

use super::account::ADDRESS as ACCOUNT;
use super::entrance::sign_in_first;
use super::verify::token_of;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, filled, new_key};
use crate::mail;
use crate::notice::Notice;
use crate::services::{Change, MAIL, escaped};
use crate::visitor::Visit;

const ADDRESS: &str = "/mail/unsubscribe";
const DONE: &str = "/mail/unsubscribed";
const API: &str = "/api/mail/preferences";

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/account/letters", post(choose))
        .route(ADDRESS, get(show).post(unsubscribe))
        .route(DONE, get(done))
}

/// Finds out which letters the visitor gets. Where none are sent, or `mail` does not answer, the page does
/// without.
///
/// # Errors
/// When a variable cannot be read.
pub(super) async fn load(visit: &Visit) -> Result<Option<Letters>> {
    if !mail::is_sent().await? {
        return Ok(None);
    }
    let found = match visit.ask::<Preferences>(&MAIL, API).await {
        Ok(found) => found,
        Err(error) => {
            let what = "asking which letters somebody gets; the page does without";
            log::failed(&visit.cx, what, &error.into());
            None
        }
    };
    let ticked = |is: bool| if is { "true".to_owned() } else { String::new() };
    Ok(found.map(|found| Letters {
        form: filled([("sales", ticked(found.sales)), ("reminders", ticked(found.reminders))]),
        trouble: found.trouble.and_then(|trouble| trouble.known()).map(|trouble| match trouble {
            Trouble::Bounce => account::Trouble::CameBack,
            Trouble::Complaint => account::Trouble::Reported,
        }),
    }))
}

async fn choose(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::PUT, API, sent.key());
    // A box that is not ticked is not sent.
    let is_ticked = |name| Some(sent.given(name).is_some());
    let wanted = NewPreferences { sales: is_ticked("sales"), reminders: is_ticked("reminders") };
    match visit.command(&MAIL, change, Some(&wanted)).await? {
        Ok(_) => Ok(answer::go(&visit, ACCOUNT, Some(Notice::LettersChosen)).await?),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, ACCOUNT).await,
        Err(refusal) => Err(refusal.into_problem()),
    }
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let page = answer::show(&visit, state(&visit, token_of(&uri), blank()), Keep::Never).await?;
    Ok(answer::without_referrer(page))
}

async fn unsubscribe(visit: Visit, sent: Sent) -> Result<Response> {
    let token = sent.value("token").to_owned();
    let path = format!("/api/mail/unsubscribe?token={}", escaped(&token));
    let change = Change::new(Method::POST, &path, "");
    match visit.command(&MAIL, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, DONE, None).await?),
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let state = account::ended(empty(&visit), refusal.detail, (ACCOUNT, "To my account"));
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&[]), new_key());
            Ok(answer::refuse(&visit, refusal.status, state(&visit, token, form)).await?)
        }
    }
}

async fn done(visit: Visit) -> Result<Response> {
    let state = visit.state("Unsubscribed", "", Page::Drawn(Drawn::default()));
    let state = account::unsubscribed(State { here: DONE.to_owned(), ..state });
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

fn state(visit: &Visit, token: String, form: Form) -> State {
    account::unsubscribe(empty(visit), Proof { token, form })
}

/// The page without its contents. Its address leaves the token out, or links back to it would spread it.
fn empty(visit: &Visit) -> State {
    let state = visit.state("Unsubscribe", "", Page::Drawn(Drawn::default()));
    State { here: ADDRESS.to_owned(), ..state }
}
