//! `POST /api/users/signUp`: makes an account and signs its owner in.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::UserId;
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, db};
use http::StatusCode;

use crate::account::{self, NewAccount};
use crate::refusal::{self, Refusal};
use crate::{SERVICE, password, session};

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
    )
)]
pub(crate) async fn sign_up(
    cx: Cx,
    idempotency: Idempotency,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let email = account::address(&credentials);
    // The body holds the password: its digest is not stored. A repeat shows that it knows the
    // password instead, below.
    let idempotency = idempotency.identified_by(&format!("signUp {email}"));
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return Ok(repeat(&credentials, replay).await?);
    }
    let password_hash = password::hash(&credentials.password).await?;
    let account = Account { id: UserId::new(), email: email.clone() };
    let row = NewAccount { id: account.id, email, password_hash, created_at: Timestamp::now() };
    let work = async |unit: &mut Unit<'_>| {
        unit.insert(row.insert());
        refusal::Result::Ok(Reply::created("/api/users/currentUser", &account)?)
    };
    let response = command::run(&cx, &SERVICE, &idempotency, work).await?;
    if response.headers().contains_key(command::REPLAYED) {
        return Ok(repeat(&credentials, response).await?);
    }
    Ok(session::start(&account, response).await?)
}

/// Answers a repeat of a sign-up that succeeded: the same answer, and a session for a caller who knows the
/// password.
async fn repeat(credentials: &Credentials, replay: Response) -> refusal::Result<Response> {
    let stored = account::find(&account::address(credentials))
        .await?
        .ok_or_else(|| db::Error::Row("the account of an earlier sign-up is missing".to_owned()))?;
    if !password::matches(&credentials.password, &stored.password_hash).await? {
        return Err(Refusal::EmailTaken);
    }
    debug_assert_eq!(replay.status(), StatusCode::CREATED);
    Ok(session::start(&stored.account(), replay).await?)
}
