//! `/sign-in/link`: signs in by a letter. `POST` asks for one. `…/code` takes the code in it, on any
//! device. With a token, as in a letter's link, the page has a button whose form goes to `…/use`: mail
//! scanners follow links, but press no button.

use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::users::{self as api, AskSignIn, SignInProof};
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Arrival, AskLink, Code};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::header::SET_COOKIE;
use http::{HeaderMap, Method, StatusCode, Uri};

use super::entrance::{go_on, next_of, wish};
use super::second_step;
use super::verify::token_of;
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, filled, new_key};
use crate::redirect_target::{entrance, local};
use crate::services::{AUTH, Change, Refusal, escaped};
use crate::visitor::Visit;
use crate::{cookie, mail};

const ADDRESS: &str = "/sign-in/link";
const CODE: &str = "/sign-in/link/code";
const USE: &str = "/sign-in/link/use";
const EMAIL: [&str; 1] = ["email"];
const TYPED: [&str; 2] = ["email", "code"];

/// The cookie that fills in the address on the page for the code. It is in no address.
const ASKED: &str = "link-asked";
/// As long as the code works.
const LIFE: Duration = Duration::from_secs(15 * 60);

pub(crate) fn routes() -> Router {
    Router::new()
        .route(ADDRESS, get(show).post(ask))
        .route(CODE, get(show_code).post(enter_by_code))
        .route(USE, post(enter_by_link))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let (token, next) = (token_of(&uri), next_of(&uri));
    if token.is_empty() {
        let state = asking(&visit, next, blank()).await?;
        return Ok(answer::show(&visit, state, Keep::Never).await?);
    }
    let page = answer::show(&visit, arriving(&visit, token, next, blank()), Keep::Never).await?;
    Ok(answer::without_referrer(page))
}

async fn ask(visit: Visit, sent: Sent) -> Result<Response> {
    let next = local(sent.value("next")).to_owned();
    let change = Change::new(Method::POST, "/api/users/signInLink", sent.key());
    let email = sent.value("email").to_owned();
    let wanted = AskSignIn { email: email.clone(), next: mailed(&next) };
    match visit.command(&AUTH, change, Some(&wanted)).await? {
        Ok(_) => {
            let mut response = answer::go(&visit, &entrance(CODE, &next), None).await?;
            let asked = cookie::set(ASKED, &escaped(&email), ADDRESS, LIFE).await?;
            response.headers_mut().append(SET_COOKIE, asked);
            Ok(response)
        }
        Err(refusal) => {
            let form = sent.again(&EMAIL, refusal.on(&EMAIL), new_key());
            let state = asking(&visit, next, form).await?;
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

/// What a letter's link may bring along. An address that is too long for it is left out.
pub(super) fn mailed(next: &str) -> Option<String> {
    const MOST: usize = 500;
    (next != "/" && next.len() <= MOST).then(|| next.to_owned())
}

async fn show_code(visit: Visit, headers: HeaderMap, uri: Uri) -> Result<Response> {
    let asked = cookie::read(&headers, ASKED).unwrap_or_default();
    let asked = form_urlencoded::parse(asked.as_bytes()).next();
    let email = asked.map(|(email, _)| email.into_owned()).unwrap_or_default();
    let state = typing(&visit, next_of(&uri), filled([("email", email)]));
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn enter_by_code(visit: Visit, sent: Sent) -> Result<Response> {
    let next = local(sent.value("next")).to_owned();
    let proof = SignInProof {
        email: Some(sent.value("email").to_owned()),
        code: Some(sent.value("code").to_owned()),
        token: None,
    };
    match enter(&visit, &sent, &next, &proof).await? {
        Ok(response) => Ok(response),
        Err(refusal) => {
            let form = sent.again(&TYPED, refusal.on(&TYPED), new_key());
            Ok(answer::refuse(&visit, refusal.status, typing(&visit, next, form)).await?)
        }
    }
}

async fn enter_by_link(visit: Visit, sent: Sent) -> Result<Response> {
    let (next, token) = (local(sent.value("next")).to_owned(), sent.value("token").to_owned());
    let proof = SignInProof { token: Some(token.clone()), ..SignInProof::default() };
    match enter(&visit, &sent, &next, &proof).await? {
        Ok(response) => Ok(response),
        Err(refusal)
            if matches!(refusal.status, StatusCode::CONFLICT | StatusCode::BAD_REQUEST) =>
        {
            let has_password = refusal.code == api::HAS_PASSWORD;
            let (path, label) = match has_password {
                true => ("/sign-in", "Sign in"),
                false => (ADDRESS, "Ask for another e-mail"),
            };
            let state = empty(&visit, ADDRESS, &next);
            let state = account::void(state, refusal.detail, entrance(path, &next), label);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&[]), new_key());
            let state = arriving(&visit, token, next, form);
            Ok(answer::refuse(&visit, refusal.status, state).await?)
        }
    }
}

/// Signs in by what a letter brought, and goes on to `next`.
async fn enter(
    visit: &Visit,
    sent: &Sent,
    next: &str,
    proof: &SignInProof,
) -> Result<Result<Response, Refusal>> {
    let change = Change::new(Method::POST, "/api/users/signInLink/confirm", sent.key());
    match visit.command(&AUTH, change, Some(proof)).await? {
        Ok(entered) => Ok(Ok(go_on(visit, next, None, sent.key(), &entered).await?)),
        Err(refusal) => match second_step::instead(visit, &refusal, next, None).await? {
            Some(response) => Ok(Ok(response)),
            None => Ok(Err(refusal)),
        },
    }
}

async fn asking(visit: &Visit, next: String, form: Form) -> Result<State> {
    let (is_mailed, wish) = (mail::is_sent().await?, wish(visit, &next).await);
    let state = empty(visit, ADDRESS, &next);
    Ok(account::ask_link(state, AskLink { is_mailed, next, wish, form }))
}

fn typing(visit: &Visit, next: String, form: Form) -> State {
    account::type_code(empty(visit, CODE, &next), Code { next, form })
}

fn arriving(visit: &Visit, token: String, next: String, form: Form) -> State {
    account::arrive(empty(visit, ADDRESS, &next), Arrival { token, next, form })
}

/// The page at `path` without its contents. Its address leaves the token out, or links back to it would
/// spread it.
fn empty(visit: &Visit, path: &str, next: &str) -> State {
    let state = visit.state("Sign in by e-mail", "", Page::Drawn(Drawn::default()));
    State { here: entrance(path, next), ..state }
}
