//! `auth`: accounts, sign-in and sessions. It alone holds the key that signs session tokens.
//!
//! | module | holds |
//! |---|---|
//! | [`sign_up`], [`sign_in`], [`sign_out`], [`current_user`], [`jwks`] | one call of the API each |
//! | [`sessions`] | the calls about one's own sessions |
//! | [`verification`] | the calls by which an address is proven |
//! | [`change_password`], [`reset`] | the calls by which an account gets another password |
//! | [`link`] | the calls by which one signs in by a letter |
//! | [`guest`] | the call of somebody who buys with an address alone |
//! | [`address`], [`address_change`] | the calls by which an account gets another address; those it had |
//! | [`factors`], [`passkeys`], [`totp`], [`recovery`] | the calls about second factors |
//! | [`second_step`], [`passkey_sign_in`], [`confirm`] | the calls that a second factor is proven by |
//! | [`gate`] | whether a session may begin, or a second factor is missing |
//! | [`proving`], [`challenge`] | proofs of a second factor, and what passkeys are asked to sign |
//! | [`vault`] | secrets at rest |
//! | [`letters`] | what `mail` asks of it |
//! | [`oidc`] | signing in by a provider of OpenID Connect |
//! | [`operations`] | what operators do with accounts |
//! | [`export`], [`deletion`] | the calls for one's data, and for the end of one's account |
//! | [`letters`], [`farewell`] | what `mail` asks of it |
//! | [`person`] | what is known of one account, and how it is forgotten |
//! | [`account`] | accounts in the database |
//! | [`password`] | hashing and checking passwords |
//! | [`proof`], [`notice`] | what letters bring: proofs of an address, and what happened to an account |
//! | [`locale`] | the language of somebody's letters |
//! | [`refusal`] | why something is refused |
//! | [`session`], [`ended`] | sessions in the database; what the services must know of ended ones |
//! | [`visitor`] | who is asking `auth` itself |
//! | [`token`], [`cookie`] | tokens of sessions and of devices, and the cookies that carry them |
//! | [`device`] | devices on which an account has signed in before |
//! | [`throttle`] | how often a sign-in may fail, how many accounts may be made, and how many letters asked for |
//! | [`worker`] | what a tick does |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod account;
mod address;
mod address_change;
mod challenge;
mod change_password;
mod confirm;
mod cookie;
mod current_user;
mod deletion;
mod device;
mod ended;
mod export;
mod factors;
mod farewell;
mod gate;
mod guest;
mod jwks;
mod letters;
mod link;
mod locale;
mod notice;
mod oidc;
mod operations;
mod passkey_sign_in;
mod passkeys;
mod password;
mod person;
mod proof;
mod proving;
mod recovery;
mod refusal;
mod reset;
mod second_step;
mod session;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
#[cfg(test)]
mod statements;
mod throttle;
mod token;
mod totp;
mod vault;
mod verification;
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
        verification::ask,
        verification::confirm,
        change_password::change,
        reset::ask,
        reset::confirm,
        link::ask,
        link::confirm,
        guest::enter,
        address::ask,
        address::confirm,
        address::undo,
        export::ask,
        export::newest,
        export::download,
        deletion::show,
        deletion::delete,
        oidc::start,
        oidc::callback,
        oidc::identity::list,
        oidc::identity::unlink,
        factors::list,
        passkeys::options,
        passkeys::add,
        passkeys::rename,
        passkeys::remove,
        totp::begin,
        totp::confirm,
        totp::remove,
        recovery::make,
        second_step::options,
        second_step::finish,
        passkey_sign_in::options,
        passkey_sign_in::sign_in,
        confirm::options,
        confirm::confirm,
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
        .merge(verification::route())
        .merge(reset::quick_route())
        .merge(link::route())
        .merge(guest::route())
        .merge(address::quick_route())
        .merge(export::route())
        .merge(deletion::quick_route())
        .merge(factors::route())
        .merge(passkeys::route())
        .merge(totp::route())
        .merge(recovery::route())
        .merge(second_step::route())
        .merge(passkey_sign_in::route())
        .merge(confirm::quick_route())
        .merge(jwks::route())
        .merge(letters::route())
        .merge(oidc::route())
        .merge(operations::route())
        .merge(health::routes(&SERVICE, "/api/users", true))
        .route("/api/users/openapi.json", get(async || Json(Api::openapi())))
        .layer(from_fn(password::beside_others));
    let hashing = sign_up::route()
        .merge(sign_in::route())
        .merge(change_password::route())
        .merge(reset::hashing_route())
        .merge(address::hashing_route())
        .merge(deletion::hashing_route())
        .merge(confirm::hashing_route());
    serve::complete(quick.merge(hashing))
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    events::answer::<worker::Auth>(&message).await
}
