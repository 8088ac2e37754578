//! `POST /api/users/signOut`: ends the session in this browser.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::users::CurrentUser;
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::problem::{ProblemBody, Result};

use crate::session;

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signOut", post(sign_out))
}

/// Sign out
///
/// Deletes the session's cookie.
#[utoipa::path(
    post, path = "/api/users/signOut", tag = "users",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The visitor is signed out", body = CurrentUser),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_out(_: Idempotency) -> Result<Response> {
    let response = Json(CurrentUser { current_user: None }).into_response();
    Ok(session::end(response).await?)
}
