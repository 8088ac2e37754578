//! `/api/users/oidc`: signs in by a provider of OpenID Connect, with the authorization code flow.
//!
//! | module | holds |
//! |---|---|
//! | [`attempt`] | what binds the provider's answer to the browser that asked |
//! | [`provider`] | the provider: its addresses, its keys, its answers |
//! | [`identity`] | whom providers name, in the database |
//! | [`enter`] | the account of somebody whom the provider names |
//!
//! People follow a link here and come back by one, so a refusal leads to the page to sign in, which says
//! what is wrong. An account is found by issuer and subject. One that is found by its address is linked
//! only if the provider has proven the address.

mod attempt;
mod enter;
pub(crate) mod identity;
pub(crate) mod provider;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use boxoffice_contract::factors::SecondFactor;
use boxoffice_contract::users::{
    ACCOUNT_SUSPENDED, OIDC_CANCELLED, OIDC_REFUSED, OIDC_UNAVAILABLE, OIDC_UNVERIFIED,
};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, config};
use http::header::{HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode, Uri};

use crate::refusal::{self, Refusal};
use crate::{cookie, throttle};
use attempt::Attempt;
#[cfg(test)]
pub(crate) use enter::NewProven;
use provider::Provider;

/// Where the provider sends people back to.
const CALLBACK: &str = "/api/users/oidc/callback";

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/oidc/start", get(start))
        .route(CALLBACK, get(callback))
        .route("/api/users/identities", get(identity::list))
        .route("/api/users/identities/{id}", delete(identity::unlink))
}

/// Sign in by the provider
///
/// Sends the browser to the provider of OpenID Connect that this shop names. The cookie that it sets binds
/// the answer to this browser, for ten minutes.
#[utoipa::path(
    get, path = "/api/users/oidc/start", tag = "users", operation_id = "start_oidc",
    params(("next" = Option<String>, Query, description = "The path of the page to go on to")),
    responses(
        (status = 303, description = "The provider's page; or the page to sign in, if the provider does not answer"),
        (status = 404, description = "This shop names no provider", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn start(cx: Cx, uri: Uri) -> Result<Response> {
    let provider = Provider::load().await?.ok_or(Refusal::NoProvider)?;
    let next = local(&parameter(&uri, "next")).to_owned();
    match begin(&cx, &provider, &next).await {
        Ok(response) => Ok(response),
        Err(refusal) => refuse(&cx, &next, refusal).await,
    }
}

/// Come back from the provider
///
/// The provider sends the browser here. The shop asks the provider who has signed in, finds or makes their
/// account, and begins a session.
#[utoipa::path(
    get, path = "/api/users/oidc/callback", tag = "users", operation_id = "finish_oidc",
    params(
        ("code" = Option<String>, Query, description = "What the provider gives for the answer"),
        ("state" = Option<String>, Query, description = "What the request had"),
        ("iss" = Option<String>, Query, description = "The provider (RFC 9207)"),
        ("error" = Option<String>, Query, description = "Why the provider refuses"),
    ),
    responses(
        (status = 303, description = "The page to go on to, with the session in the cookie; or the page to sign in, which says what is wrong"),
        (status = 404, description = "This shop names no provider", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn callback(cx: Cx, headers: HeaderMap, uri: Uri) -> Result<Response> {
    let provider = Provider::load().await?.ok_or(Refusal::NoProvider)?;
    let attempt = Attempt::read(&headers).await?;
    let next = attempt.as_ref().map_or_else(|| "/".to_owned(), |attempt| attempt.next.clone());
    let finished = finish(&cx, &headers, &uri, &provider, attempt).await;
    let mut response = match finished {
        Ok(response) => response,
        Err(refusal) => refuse(&cx, &next, refusal).await?,
    };
    // An answer works once: a second one finds no cookie.
    attempt::forget(&mut response).await?;
    Ok(response)
}

async fn begin(cx: &Cx, provider: &Provider, next: &str) -> refusal::Result<Response> {
    throttle::count_oidc(cx).await?;
    let attempt = Attempt::new(next)?;
    let address = provider.address(&attempt, &redirect_uri().await?).await?;
    let mut response = go(&address)?;
    attempt.keep(&mut response).await?;
    Ok(response)
}

async fn finish(
    cx: &Cx,
    headers: &HeaderMap,
    uri: &Uri,
    provider: &Provider,
    attempt: Option<Attempt>,
) -> refusal::Result<Response> {
    throttle::count_oidc(cx).await?;
    let attempt = attempt.ok_or(Refusal::NotBelieved("this browser did not ask"))?;
    if !attempt.is_state(&parameter(uri, "state")) {
        return Err(Refusal::NotBelieved("the state is another"));
    }
    let issuer = parameter(uri, "iss");
    if !issuer.is_empty() && issuer != provider.issuer {
        return Err(Refusal::NotBelieved("another provider answers"));
    }
    let code = parameter(uri, "code");
    if code.is_empty() {
        return Err(Refusal::ProviderRefuses);
    }
    let identity = provider.identify(&code, &attempt, &redirect_uri().await?).await?;
    enter::enter(cx, headers, provider, identity, go(&attempt.next)?).await
}

/// Sends the browser to the page to sign in, which says what is wrong by the code of `refusal`.
async fn refuse(cx: &Cx, next: &str, refusal: Refusal) -> Result<Response> {
    if let Refusal::SecondFactor(second_factor) = refusal {
        return Ok(second_step(next, &second_factor).await?);
    }
    let code = match &refusal {
        Refusal::NotBelieved(why) => {
            log::security(&cx.with("why", format!("{why:?}")), Security::ProviderRefused, None);
            OIDC_REFUSED
        }
        Refusal::ProviderRefuses => OIDC_CANCELLED,
        Refusal::AddressUnproven => OIDC_UNVERIFIED,
        Refusal::Suspended => ACCOUNT_SUSPENDED,
        Refusal::TooManyFailures { .. } => "too_many_failures",
        Refusal::ProviderAway(error) => {
            log::failed(cx, "asking the sign-in provider", error);
            OIDC_UNAVAILABLE
        }
        _ => return Err(refusal.into()),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("refused", code);
    if next != "/" {
        query.append_pair("next", next);
    }
    Ok(go(&format!("/sign-in?{}", query.finish()))?)
}

/// Sends the browser to the second step of the sign-in. The token of the first goes by a cookie: an address
/// would tell it to others.
async fn second_step(next: &str, second_factor: &SecondFactor) -> anyhow::Result<Response> {
    let ways: Vec<&str> = second_factor.methods.iter().map(|method| method.name()).collect();
    let pairs = [("next", next), ("ways", &ways.join(" "))];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let mut response = go(&format!("/sign-in/factor?{query}"))?;
    cookie::set_first_step(&mut response, &second_factor.token).await?;
    Ok(response)
}

/// Sends the browser on.
fn go(address: &str) -> anyhow::Result<Response> {
    let location = HeaderValue::try_from(address)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}

async fn redirect_uri() -> anyhow::Result<String> {
    Ok(format!("{}{CALLBACK}", config::shop().await?))
}

/// Returns the first value of a query's parameter, or nothing.
fn parameter(uri: &Uri, name: &str) -> String {
    let query = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(known, value)| (known == name).then(|| value.into_owned())).unwrap_or_default()
}

/// Returns `wish` if every browser takes it for a page of the shop, else the front page.
fn local(wish: &str) -> &str {
    if boxoffice_rules::account::next(wish).is_ok() { wish } else { "/" }
}
