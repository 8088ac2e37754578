//! `GET /api/users/currentUser`: who is signed in.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::users::CurrentUser;

use crate::visitor::MaybeVisitor;

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/currentUser", get(current_user))
}

/// Who is signed in
#[utoipa::path(
    get, path = "/api/users/currentUser", tag = "users",
    responses((status = 200, description = "The account, or null", body = CurrentUser))
)]
pub(crate) async fn current_user(MaybeVisitor(visitor): MaybeVisitor) -> Json<CurrentUser> {
    Json(CurrentUser { current_user: visitor.map(|visitor| visitor.account) })
}
