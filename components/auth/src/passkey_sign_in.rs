//! `POST /api/users/passkeySignIn`: a sign-in by a passkey alone. It is both factors: its authenticator
//! has verified its user.

use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::factors::{PasskeyOptions, PasskeySignIn};
use boxoffice_contract::users::Account;
use boxoffice_kernel::Cx;
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use http::HeaderMap;

use crate::account;
use crate::challenge::For;
use crate::gate::{Entry, Second};
use crate::refusal::Refusal;
use crate::{passkeys, second_step, throttle};

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/passkeySignIn", post(sign_in))
        .route("/api/users/passkeySignIn/options", post(options))
}

/// Ask for what a passkey needs to sign in
///
/// For `PublicKeyCredential.parseRequestOptionsFromJSON`. It is good for five minutes, once, and tells
/// nothing of any account.
#[utoipa::path(
    post, path = "/api/users/passkeySignIn/options", tag = "users", operation_id = "passkey_sign_in_options",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The options", body = PasskeyOptions),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// Each call makes a challenge of its own: the key is checked and not needed.
pub(crate) async fn options(cx: Cx, _: Idempotency) -> Result<Json<PasskeyOptions>> {
    throttle::count_challenge(&cx, None).await?;
    Ok(Json(passkeys::request(&cx, For::SignIn, None).await?))
}

/// Sign in by a passkey
///
/// Starts a session and sets its cookie. No password and no second step are needed.
#[utoipa::path(
    post, path = "/api/users/passkeySignIn", tag = "users", operation_id = "passkey_sign_in",
    request_body = PasskeySignIn,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid, or the passkey is refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account is suspended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// A challenge is answered once: the key is checked and not needed.
pub(crate) async fn sign_in(
    cx: Cx,
    headers: HeaderMap,
    _: Idempotency,
    Valid(PasskeySignIn { assertion }): Valid<PasskeySignIn>,
) -> Result<Response> {
    let tried = throttle::count_passkey(&cx).await?;
    let id = match passkeys::check(&cx, For::SignIn, None, &assertion).await {
        Err(refusal @ Refusal::WrongFactor { .. }) => {
            log::security(&cx, Security::FactorRefused, None);
            return Err(refusal.into());
        }
        checked => checked?,
    };
    tried.release(&cx).await?;
    let account = account::of(id).await?;
    let account = account.ok_or(Refusal::WrongFactor { field: "assertion" })?;
    let entry = Entry::of_both(&[], Second::Passkey);
    Ok(second_step::begin(&cx, &headers, account, entry).await?)
}
