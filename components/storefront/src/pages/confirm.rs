//! `/confirm`: where one proves again that it is oneself, before what cannot be undone.
//!
//! A form that a service refuses for that reason waits on the page, and is sent on from there. Passwords
//! and codes do not wait, since no page may hold them. A form that lacks them is refused once more: its
//! own page asks for them, and shows everything else as it was typed.

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::factors::{CONFIRM_AGAIN, Confirm, FactorMethod, Factors};
use boxoffice_kernel::config;
use boxoffice_kernel::http::cookie::cookies;
use boxoffice_kernel::identity;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{self, Proving, Waiting};
use boxoffice_web::state::{Drawn, Form, Page, State};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, COOKIE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Uri};
use tower_service::Service as _;

use super::entrance::{next_of, sign_in_first};
use super::second_step::{FIELDS, assertion, proving};
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::redirect_target::{entrance, local};
use crate::services::{AUTH, Change, Refusal};
use crate::visitor::{Visit, session_of};

const ADDRESS: &str = "/confirm";

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(show).post(confirm))
}

/// Shows the page to those who have to confirm first, if that is why a service refused the form `sent`. What
/// was typed into `fields` waits there: name no field that holds a secret. Loaded again, the page leads back
/// to `next`.
///
/// # Errors
/// When `auth` does not answer.
pub(crate) async fn instead(
    visit: &Visit,
    refusal: &Refusal,
    sent: &Sent,
    fields: &[&str],
    next: &str,
) -> Result<Option<Response>> {
    if refusal.code != CONFIRM_AGAIN {
        return Ok(None);
    }
    let fields = sent.encoded(&[&["key"], fields].concat());
    let waiting = Waiting { action: visit.here.clone(), fields };
    Ok(Some(match load(visit, next, Some(waiting), blank()).await? {
        Some(state) => answer::refuse(visit, refusal.status, state).await?,
        None => sign_in_first(visit, next).await?,
    }))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    let next = next_of(&uri);
    match load(&visit, &next, None, blank()).await? {
        Some(state) => Ok(answer::show(&visit, state, Keep::Never).await?),
        None => sign_in_first(&visit, &next).await,
    }
}

async fn confirm(visit: Visit, parts: Parts, sent: Sent) -> Result<Response> {
    let next = local(sent.value("next")).to_owned();
    let waiting = waiting(&sent);
    let given = Confirm {
        password: Some(sent.raw("password")).filter(|text| !text.is_empty()).map(str::to_owned),
        code: sent.given("code").map(str::to_owned),
        recovery_code: sent.given("recoveryCode").map(str::to_owned),
        assertion: assertion(&sent),
    };
    let change = Change::new(Method::POST, "/api/users/confirm", sent.key());
    match visit.command(&AUTH, change, Some(&given)).await? {
        Ok(confirmed) => {
            let response = match waiting {
                Some(waiting) => send_on(parts, waiting, &confirmed).await?,
                None => answer::go(&visit, &next, None).await?,
            };
            Ok(answer::with_cookies_of(response, &confirmed))
        }
        Err(refusal) => {
            let form = sent.again(&[], refusal.on(&FIELDS), new_key());
            match load(&visit, &next, waiting, form).await? {
                Some(state) if !refusal.is_unauthorized() => {
                    Ok(answer::refuse(&visit, refusal.status, state).await?)
                }
                _ => sign_in_first(&visit, &next).await,
            }
        }
    }
}

/// Reads the form that waits on the page, if one does.
fn waiting(sent: &Sent) -> Option<Waiting> {
    let action = sent.given("form").map(local).filter(|action| *action != "/")?;
    Some(Waiting { action: action.to_owned(), fields: sent.value("fields").to_owned() })
}

/// Sends the form that has waited, in the name of who has just `confirmed`. It is handled as if the browser
/// had sent it.
async fn send_on(
    mut parts: Parts,
    waiting: Waiting,
    confirmed: &http::Response<Bytes>,
) -> Result<Response> {
    parts.uri = Uri::try_from(waiting.action).context("reading where a form is sent")?;
    parts.headers.remove(CONTENT_LENGTH);
    let name = identity::cookie_name(config::is_secure().await?);
    if let Some(session) = session_of(confirmed, name) {
        let others = cookies(&parts.headers).filter(|(known, _)| *known != name);
        let others = others.map(|(known, value)| format!("{known}={value}"));
        let all: Vec<String> = others.chain([session]).collect();
        let all = HeaderValue::try_from(all.join("; ")).context("writing cookies")?;
        parts.headers.insert(COOKIE, all);
    }
    let request = Request::from_parts(parts, Body::from(waiting.fields));
    let mut router = crate::ROUTER.with(Router::clone);
    Ok(router.call(request).await.unwrap_or_else(|never| match never {}))
}

/// Makes the page, if somebody is signed in.
async fn load(
    visit: &Visit,
    next: &str,
    waiting: Option<Waiting>,
    form: Form,
) -> Result<Option<State>> {
    if visit.user.is_none() {
        return Ok(None);
    }
    let Some(factors) = visit.read_mine::<Factors>("/api/users/factors").await? else {
        return Ok(None);
    };
    let ways = [
        (!factors.passkeys.is_empty(), FactorMethod::Passkey),
        (factors.totp_since.is_some(), FactorMethod::Totp),
        (factors.recovery_codes > 0, FactorMethod::RecoveryCode),
    ];
    let methods: Vec<_> =
        ways.into_iter().filter_map(|(is_there, method)| is_there.then_some(method)).collect();
    let has_factor = !factors.passkeys.is_empty() || factors.totp_since.is_some();
    let password = factors.has_password && !has_factor;
    let proving = Proving { password, waiting, ..proving(next, String::new(), &methods, form) };
    let state = visit.state("Confirm that it is you", "", Page::Drawn(Drawn::default()));
    let state = State { here: entrance(ADDRESS, next), ..state };
    Ok(Some(account::confirm(state, proving)))
}
