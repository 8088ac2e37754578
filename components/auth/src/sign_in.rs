//! `POST /api/users/signIn`: starts a session.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::Cx;
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::problem::{ProblemBody, Result};

use crate::account::{self, Stored};
use crate::refusal::{self, Refusal};
use crate::{password, session, throttle};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signIn", post(sign_in))
}

/// Sign in
///
/// Starts a session and sets its cookie. Ten failed sign-ins lock an address for up to 15 minutes.
#[utoipa::path(
    post, path = "/api/users/signIn", tag = "users", request_body = Credentials,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Address and password do not match", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_in(
    cx: Cx,
    // A repeated sign-in does no harm: the key is checked and not needed.
    _: Idempotency,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let account = check(&cx, &credentials).await?.account();
    let response = Json(&account).into_response();
    Ok(session::start(&account, response).await?)
}

/// Finds the account whose address and password these are, unless too many guesses were made.
async fn check(cx: &Cx, credentials: &Credentials) -> refusal::Result<Stored> {
    let email = account::address(credentials);
    throttle::admit(cx, &email).await?;
    let stored = matching(&email, &credentials.password).await?;
    let stored = stored.ok_or(Refusal::InvalidCredentials)?;
    throttle::forget(cx, &email).await?;
    Ok(stored)
}

/// Finds the account of `email`, if `password` is its password.
async fn matching(email: &str, password: &str) -> anyhow::Result<Option<Stored>> {
    let Some(stored) = account::find(email).await? else {
        password::pretend(password).await?;
        return Ok(None);
    };
    Ok(password::matches(password, &stored.password_hash).await?.then_some(stored))
}
