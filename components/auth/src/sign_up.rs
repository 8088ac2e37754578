//! `POST /api/users/signUp`: makes an account and signs its owner in.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::UserId;
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Problem, Timestamp, Unit};
use http::{HeaderMap, StatusCode};

use crate::account::{self, NewAccount};
use crate::refusal::{self, Refusal};
use crate::session::NewSession;
use crate::{SERVICE, password, sign_in, throttle};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signUp", post(sign_up))
}

/// Sign up
///
/// Creates an account, starts a session and sets its cookie.
#[utoipa::path(
    post, path = "/api/users/signUp", tag = "users", request_body = Credentials,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 201, description = "The new account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The address already has an account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many accounts were made; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_up(
    cx: Cx,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let email = account::address(&credentials);
    check(&credentials.password, &email)?;
    // The body holds the password: its digest is not stored. A repeat shows that it knows the
    // password instead, below.
    let idempotency = idempotency.identified_by(&format!("signUp {email}"));
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return Ok(repeat(&cx, &headers, &credentials, replay).await?);
    }
    throttle::count_sign_up(&cx).await?;
    let password_hash = password::hash(&credentials.password).await?;
    let account = Account { id: UserId::new(), email: email.clone() };
    let row = NewAccount { id: account.id, email, password_hash, created_at: Timestamp::now() };
    let session = NewSession::new(&cx, account.id, &headers).await?;
    let work = async |unit: &mut Unit<'_>| {
        unit.insert(row.insert());
        unit.insert(session.insert());
        refusal::Result::Ok(Reply::created("/api/users/currentUser", &account)?)
    };
    let response = command::run(&cx, &SERVICE, &idempotency, work).await?;
    if response.headers().contains_key(command::REPLAYED) {
        return Ok(repeat(&cx, &headers, &credentials, response).await?);
    }
    log::security(&cx, Security::SignedUp, Some(account.id));
    Ok(session.begin(&cx, response).await?)
}

/// Refuses a password that others try first.
fn check(password: &str, email: &str) -> Result<()> {
    match password::rule(password, email) {
        Ok(()) => Ok(()),
        Err(message) => Err(Problem::invalid_field("password", message)),
    }
}

/// Answers a repeat of a sign-up that succeeded: the same answer, and a session for a caller who knows the
/// password. A wrong password counts as a sign-in that failed.
async fn repeat(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
    replay: Response,
) -> refusal::Result<Response> {
    let stored = match sign_in::check(cx, headers, credentials).await {
        Err(Refusal::InvalidCredentials) => return Err(Refusal::EmailTaken),
        checked => checked?,
    };
    debug_assert_eq!(replay.status(), StatusCode::CREATED);
    let session = NewSession::new(cx, stored.id(), headers).await?;
    sign_in::store(cx, &session).await?;
    Ok(session.begin(cx, replay).await?)
}
