//! `tickets`: listings. Sellers make and edit them, everyone browses them.
//!
//! How many tickets of a listing are held and sold is decided by `orders`; here is a replica of it,
//! kept by the events of orders.
//!
//! | module | holds |
//! |---|---|
//! | [`create`], [`show`], [`list`], [`edit`], [`withdraw`] | one call of the API each |
//! | [`ticket`] | a listing: in the database, in JSON, in events |
//! | [`stored_json`] | the same in JSON as the API shows it, put together from what is JSON already |
//! | [`pages`] | pages of listings, kept in Redis until a listing changes |
//! | [`refusal`] | why something is refused |
//! | [`state`] | what `orders` and `admissions` ask of a listing |
//! | [`freeze`] | asking `orders` to hold nothing more while a listing changes |
//! | [`offer`] | the listings by which fans sell their tickets on |
//! | [`people`] | the listings of accounts that may not be used any more |
//! | [`person`] | what is known of one account, and how it is forgotten |
//! | [`worker`] | what the events of orders and admissions change here |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod create;
mod edit;
mod freeze;
mod list;
mod offer;
mod pages;
mod people;
mod person;
mod refusal;
mod show;
mod state;
#[cfg(test)]
mod statements;
mod stored_json;
mod ticket;
mod withdraw;
mod worker;

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_kernel::events::worker as events;
use boxoffice_kernel::{health, http::serve};
use bytes::Bytes;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::{http_service, redis_subscriber};
use tickets_schema::SERVICE;
use utoipa::OpenApi;

/// This service's part of the API's description.
#[derive(OpenApi)]
#[openapi(
    paths(create::create, show::show, list::list, edit::edit, withdraw::withdraw),
    tags((name = "tickets", description = "Listings"))
)]
struct Api;

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    let routes = Router::new()
        .merge(create::route())
        .merge(show::route())
        .merge(state::route())
        .merge(list::route())
        .merge(edit::route())
        .merge(withdraw::route())
        .merge(person::route())
        .merge(health::routes(&SERVICE, "/api/tickets", true))
        .route("/api/tickets/openapi.json", get(async || Json(Api::openapi())));
    serve::complete(routes)
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    events::answer::<worker::Tickets>(&message).await
}
