//! `POST /api/users/signIn`: starts a session.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, unit};
use http::HeaderMap;

use crate::account::{self, Stored};
use crate::refusal::{self, Refusal};
use crate::session::NewSession;
use crate::throttle::Attempt;
use crate::{SERVICE, password};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signIn", post(sign_in))
}

/// Sign in
///
/// Starts a session and sets its cookie. After ten failed sign-ins to an account from one client, more
/// wait for up to 15 minutes. A browser that has signed in to the account before is counted by itself.
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
    headers: HeaderMap,
    // A repeated sign-in does no harm: the key is checked and not needed.
    _: Idempotency,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let account = check(&cx, &headers, &credentials).await?.account();
    let session = NewSession::new(&cx, account.id, &headers).await?;
    store(&cx, &session).await?;
    Ok(session.begin(&cx, Json(&account).into_response()).await?)
}

/// Finds the account whose address and password these are, unless too many guesses were made.
pub(crate) async fn check(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
) -> refusal::Result<Stored> {
    let email = account::address(credentials);
    let stored = account::find(&email).await?;
    let id = stored.as_ref().map(Stored::id);
    let attempt = Attempt::count(cx, headers, &email, id).await?;
    let Some(stored) = matching(stored, &credentials.password).await? else {
        log::security(cx, Security::SignInFailed, id);
        return Err(Refusal::InvalidCredentials);
    };
    attempt.succeeded(cx).await?;
    Ok(stored)
}

/// Returns the account `stored`, if `password` is its password.
async fn matching(stored: Option<Stored>, password: &str) -> anyhow::Result<Option<Stored>> {
    let Some(stored) = stored else {
        password::pretend(password).await?;
        return Ok(None);
    };
    Ok(password::matches(password, &stored.password_hash).await?.then_some(stored))
}

/// Stores a session that begins.
pub(crate) async fn store(cx: &Cx, session: &NewSession) -> refusal::Result<()> {
    Ok(unit::change::<()>(cx, &SERVICE, session.insert()).await.map(drop)?)
}
