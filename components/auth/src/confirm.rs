//! `POST /api/users/confirm`: who is signed in proves again who they are, before what cannot be undone.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::factors::{Confirm, PasskeyOptions};
use boxoffice_contract::users::Credentials;
use boxoffice_kernel::command::{Idempotency, Reply};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use http::HeaderMap;

use crate::challenge::For;
use crate::gate::{self, Entry};
use crate::proving::{self, Given};
use crate::refusal::Refusal;
use crate::visitor::VisitorCx;
use crate::{passkeys, session, sign_in, throttle};

pub(crate) fn quick_route() -> Router {
    Router::new().route("/api/users/confirm/options", post(options))
}

pub(crate) fn hashing_route() -> Router {
    Router::new().route("/api/users/confirm", post(confirm))
}

/// Ask for what a passkey needs to confirm
///
/// For `PublicKeyCredential.parseRequestOptionsFromJSON`. It is good for five minutes, once.
#[utoipa::path(
    post, path = "/api/users/confirm/options", tag = "users", operation_id = "confirm_options",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The options", body = PasskeyOptions),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// Each call makes a challenge of its own: the key is checked and not needed.
pub(crate) async fn options(cx: VisitorCx, _: Idempotency) -> Result<Json<PasskeyOptions>> {
    let id = cx.account.id;
    throttle::count_challenge(&cx, Some(id)).await?;
    Ok(Json(passkeys::request(&cx, For::Confirm, Some(id)).await?))
}

/// Confirm that it is you
///
/// By a second factor, or by the password if the account has none. The session's token is a fresh one, which
/// counts as confirmed for 15 minutes. A wrong password counts as a sign-in that failed.
#[utoipa::path(
    post, path = "/api/users/confirm", tag = "users", operation_id = "confirm",
    request_body = Confirm,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 204, description = "Confirmed; a fresh token is in the cookie"),
        (status = 400, description = "Fields are invalid, or what was given is wrong or was used", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The shop's address has no name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// A repeat confirms again: the key is checked and not needed.
pub(crate) async fn confirm(
    cx: VisitorCx,
    headers: HeaderMap,
    _: Idempotency,
    Valid(given): Valid<Confirm>,
) -> Result<Response> {
    let id = cx.account.id;
    let has_factor = gate::standing_of(id).await?.has_factor();
    let (entry, by) = match &given.password {
        Some(_) if has_factor => return Err(Refusal::FactorAsked.into()),
        Some(password) => {
            let (email, password) = (cx.account.email.clone(), password.clone());
            match sign_in::check(&cx, &headers, &Credentials { email, password }).await {
                Err(Refusal::InvalidCredentials) => return Err(Refusal::WrongConfirmation.into()),
                checked => checked?,
            };
            (Entry::of_password(), "password")
        }
        None => {
            let proof = Given::in_confirmation(&given);
            let second = proving::prove(&cx, id, For::Confirm, proof).await?;
            (Entry::of_both(&[], second), second.name())
        }
    };
    log::security(&cx.with("by", by), Security::Confirmed, Some(id));
    session::renew(&cx, entry, Reply::no_content().into_response()).await
}
