//! `GET /api/users/currentUser`: who is signed in.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::users::{Account, CurrentUser};
use boxoffice_kernel::identity::MaybeUser;

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/currentUser", get(current_user))
}

/// Who is signed in
#[utoipa::path(
    get, path = "/api/users/currentUser", tag = "users",
    responses((status = 200, description = "The account, or null", body = CurrentUser))
)]
pub(crate) async fn current_user(MaybeUser(user): MaybeUser) -> Json<CurrentUser> {
    let current_user = user.map(|user| Account { id: user.id, email: user.email });
    Json(CurrentUser { current_user })
}
