//! `POST /api/users/signOut`: ends the session that asks.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::users::CurrentUser;
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::problem::{ProblemBody, Result};

use crate::visitor::MaybeVisitor;
use crate::{cookie, sessions};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signOut", post(sign_out))
}

/// Sign out
///
/// Ends the session and takes its cookie back. The token is refused everywhere a few seconds later at most.
#[utoipa::path(
    post, path = "/api/users/signOut", tag = "users",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The visitor is signed out", body = CurrentUser),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_out(
    _: Idempotency,
    MaybeVisitor(visitor): MaybeVisitor,
) -> Result<Response> {
    if let Some(visitor) = visitor
        && let Some(session) = visitor.user.session
    {
        sessions::end(&visitor, session).await?;
    }
    let mut response = Json(CurrentUser { current_user: None }).into_response();
    cookie::remove_session(&mut response).await?;
    Ok(response)
}
