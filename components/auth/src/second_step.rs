//! `POST /api/users/signIn/factor`: the second step of a sign-in.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::factors::{PasskeyOptions, SecondStep, SecondStepOptions};
use boxoffice_contract::users::Account;
use boxoffice_kernel::Cx;
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::problem::{ProblemBody, Result};
use http::HeaderMap;

use crate::account::{self, Stored};
use crate::challenge::For;
use crate::gate::Entry;
use crate::proving::{self, Given};
use crate::refusal::{self, Refusal};
use crate::sign_in::Entered;
use crate::token::{FirstStep, Key};
use crate::{passkeys, throttle};

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/signIn/factor", post(finish))
        .route("/api/users/signIn/factor/options", post(options))
}

/// Ask for what a passkey needs for the second step
///
/// For `PublicKeyCredential.parseRequestOptionsFromJSON`. It is good for five minutes, once.
#[utoipa::path(
    post, path = "/api/users/signIn/factor/options", tag = "users", operation_id = "second_step_options",
    request_body = SecondStepOptions,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The options", body = PasskeyOptions),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is invalid, or its time is up", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// Each call makes a challenge of its own: the key is checked and not needed.
pub(crate) async fn options(
    cx: Cx,
    _: Idempotency,
    Valid(asked): Valid<SecondStepOptions>,
) -> Result<Json<PasskeyOptions>> {
    let first = read(&asked.token).await?;
    throttle::count_challenge(&cx, Some(first.account_id)).await?;
    Ok(Json(passkeys::request(&cx, For::SecondStep, Some(first.account_id)).await?))
}

/// Finish a sign-in by a second factor
///
/// By a code of an authenticator app, a recovery code or a passkey, with the token that the first step
/// answered. Five tries for each token, in ten minutes.
#[utoipa::path(
    post, path = "/api/users/signIn/factor", tag = "users", operation_id = "sign_in_factor",
    request_body = SecondStep,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid, or the factor is wrong or was used", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is invalid, or its time is up", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account is suspended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// A factor works once, and a repeat that comes too late signs in again.
pub(crate) async fn finish(
    cx: Cx,
    headers: HeaderMap,
    _: Idempotency,
    Valid(step): Valid<SecondStep>,
) -> Result<Response> {
    let first = read(&step.token).await?;
    throttle::count_second_step(&cx, &first).await?;
    let given = Given::in_second_step(&step);
    let second = proving::prove(&cx, first.account_id, For::SecondStep, given).await?;
    let account = account::of(first.account_id).await?;
    let account = account.ok_or(Refusal::FirstStepVoid)?;
    // Meanwhile the password may have been changed: what it let in then, it must not let in now.
    if account.signed_out_after(first.issued_at) {
        return Err(Refusal::FirstStepVoid.into());
    }
    let entry = Entry::of_both(first.first.amr(), second);
    Ok(begin(&cx, &headers, account, entry).await?)
}

/// Begins a session of `account`, which was let in by `entry`, for the browser that sent `headers`.
pub(crate) async fn begin(
    cx: &Cx,
    headers: &HeaderMap,
    account: Stored,
    entry: Entry,
) -> refusal::Result<Response> {
    let arrival = Entered::arrive_by(account, cx, headers, entry).await?;
    arrival.store(cx).await?;
    let answer = Json(arrival.account.account()).into_response();
    arrival.begin(cx, answer).await
}

/// Reads the token of a first step.
async fn read(token: &str) -> refusal::Result<FirstStep> {
    Key::load().await?.first_step(token).ok_or(Refusal::FirstStepVoid)
}
