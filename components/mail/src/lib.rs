//! `mail`: keeps each letter as a row and sends it at least once.
//!
//! It alone knows the mail server. Events bring letters about and name neither addresses nor secrets:
//! those are asked of their owners when a letter is sent, and kept nowhere.
//!
//! | module | holds |
//! |---|---|
//! | [`letter`] | letters in the database |
//! | [`worker`] | which letters the events bring about, and what a tick does |
//! | [`round`] | sending what is due, for a few seconds at a time |
//! | [`server`] | the pauses while the server fails |
//! | [`facts`] | what the owners of addresses and orders are asked |
//! | [`expand`] | one letter for each holder of an event that was moved |
//! | [`message`] | a letter as a message of the Internet (RFC 5322) |
//! | [`smtp`] | the server: its address, the connection, the conversation |
//! | [`person`] | what is known of one account, and how it is forgotten |
//! | [`preferences`], [`unsubscribe`], [`bounces`] | the calls of its API |
//! | [`refused`], [`suppressed`] | who does without letters; addresses that they came back from |
//! | [`token`] | the token of a link to unsubscribe |
//! | [`preview`] | the letters as they look, for developers |
//! | [`readiness`] | whether letters go out, for `/readyz` |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod bounces;
mod expand;
mod facts;
mod letter;
mod message;
mod person;
mod preferences;
mod preview;
mod readiness;
mod refused;
mod round;
mod server;
mod smtp;
#[cfg(test)]
mod statements;
mod suppressed;
mod token;
mod unsubscribe;
mod worker;

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_kernel::events::worker as events;
use boxoffice_kernel::{health, http::serve};
use bytes::Bytes;
use mail_schema::SERVICE;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::{http_service, redis_subscriber};
use utoipa::OpenApi;

/// This service's part of the API's description.
#[derive(OpenApi)]
#[openapi(
    paths(
        preferences::show,
        preferences::change,
        unsubscribe::lead,
        unsubscribe::unsubscribe,
        bounces::receive
    ),
    tags((name = "mail", description = "Letters: which ones somebody gets"))
)]
struct Api;

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    let routes = Router::new()
        .merge(person::route())
        .merge(preferences::route())
        .merge(unsubscribe::route())
        .merge(bounces::route())
        .merge(preview::route())
        .merge(health::routes_with(&SERVICE, "/api/mail", true, readiness::checks))
        .route("/api/mail/openapi.json", get(async || Json(Api::openapi())));
    serve::complete(routes)
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    let taken = events::answer::<worker::Mail>(&message).await;
    // Whatever became of the event: letters that are due have waited long enough.
    round::run().await?;
    taken
}
