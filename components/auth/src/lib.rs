//! `auth`: accounts, sign-in and sessions. It alone holds the key that signs session tokens.
//!
//! | module | holds |
//! |---|---|
//! | [`sign_up`], [`sign_in`], [`sign_out`], [`current_user`], [`jwks`] | one call of the API each |
//! | [`sessions`] | the calls about one's own sessions |
//! | [`letters`] | what `mail` asks of it |
//! | [`account`] | accounts in the database |
//! | [`password`] | hashing and checking passwords |
//! | [`refusal`] | why something is refused |
//! | [`session`], [`ended`] | sessions in the database; what the services must know of ended ones |
//! | [`visitor`] | who is asking `auth` itself |
//! | [`token`], [`cookie`] | tokens of sessions and of devices, and the cookies that carry them |
//! | [`device`] | devices on which an account has signed in before |
//! | [`throttle`] | how often a sign-in may fail, and how many accounts may be made |
//! | [`worker`] | what a tick does |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod account;
mod cookie;
mod current_user;
mod device;
mod ended;
mod jwks;
mod letters;
mod password;
mod refusal;
mod session;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
#[cfg(test)]
mod statements;
mod throttle;
mod token;
mod visitor;
mod worker;

use auth_schema::SERVICE;
use axum::middleware::from_fn;
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_kernel::events::worker as events;
use boxoffice_kernel::{health, http::serve};
use bytes::Bytes;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::{http_service, redis_subscriber};
use utoipa::OpenApi;

/// This service's part of the API's description.
#[derive(OpenApi)]
#[openapi(
    paths(
        sign_up::sign_up,
        sign_in::sign_in,
        sign_out::sign_out,
        current_user::current_user,
        sessions::list,
        sessions::end_one,
        sessions::end_others,
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
        .merge(sessions::route())
        .merge(jwks::route())
        .merge(letters::route())
        .merge(health::routes(&SERVICE, "/api/users", true))
        .route("/api/users/openapi.json", get(async || Json(Api::openapi())))
        .layer(from_fn(password::beside_others));
    serve::complete(quick.merge(sign_up::route()).merge(sign_in::route()))
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    events::answer::<worker::Auth>(&message).await
}
