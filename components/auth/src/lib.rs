//! `auth`: accounts, sign-in and sessions. It alone holds the key that signs session tokens.
//!
//! | module | holds |
//! |---|---|
//! | [`sign_up`], [`sign_in`], [`sign_out`], [`current_user`], [`jwks`] | one call of the API each |
//! | [`account`] | accounts in the database |
//! | [`password`] | hashing and checking passwords |
//! | [`refusal`] | why something is refused |
//! | [`session`] | tokens, and the cookie that carries them |
//! | [`throttle`] | how often a sign-in may fail |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod account;
mod current_user;
mod jwks;
mod password;
mod refusal;
mod session;
mod sign_in;
mod sign_out;
mod sign_up;
#[cfg(test)]
mod statements;
mod throttle;

use auth_schema::SERVICE;
use axum::middleware::from_fn;
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_kernel::{health, http::serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use utoipa::OpenApi;

/// This service's part of the API's description.
#[derive(OpenApi)]
#[openapi(
    paths(
        sign_up::sign_up,
        sign_in::sign_in,
        sign_out::sign_out,
        current_user::current_user,
        jwks::jwks
    ),
    tags((name = "users", description = "Accounts and sessions"))
)]
struct Api;

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    let quick = Router::new()
        .merge(sign_out::route())
        .merge(current_user::route())
        .merge(jwks::route())
        .merge(health::routes(&SERVICE, "/api/users", false))
        .route("/api/users/openapi.json", get(async || Json(Api::openapi())))
        .layer(from_fn(password::beside_others));
    serve::complete(quick.merge(sign_up::route()).merge(sign_in::route()))
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}
