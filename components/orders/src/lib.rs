//! `orders`: holds and orders. It alone decides what is held and what is sold.
//!
//! | module | holds |
//! |---|---|
//! | [`create`], [`show`], [`list`], [`cancel`], [`remind`] | one call of the API each |
//! | [`begin_payment`], [`extend`], [`freeze`] | what `payments` and `tickets` ask of it |
//! | [`letters`] | what `mail` asks of it |
//! | [`person`] | what is known of one account, and how it is forgotten |
//! | [`order`] | an order: in the database, in JSON, in events |
//! | [`transition`] | how orders go on and end: one guarded statement each |
//! | [`listing`] | the inventory |
//! | [`people`] | the holds of accounts that may not be used any more |
//! | [`untold`] | sales that not everybody has heard of |
//! | [`refusal`] | why something is refused |
//! | [`worker`] | what the events of tickets, payments, expiration and accounts change here |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod begin_payment;
mod buyer;
mod cancel;
mod create;
mod extend;
mod freeze;
mod letters;
mod list;
mod listing;
mod order;
mod people;
mod person;
mod price;
mod refusal;
mod remind;
mod show;
#[cfg(test)]
mod statements;
mod transition;
mod untold;
mod worker;

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_kernel::events::worker as events;
use boxoffice_kernel::{health, http::serve};
use bytes::Bytes;
use orders_schema::SERVICE;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::{http_service, redis_subscriber};
use utoipa::OpenApi;

/// This service's part of the API's description.
#[derive(OpenApi)]
#[openapi(
    paths(create::create, show::show, list::list, cancel::cancel, remind::remind),
    tags((name = "orders", description = "Holds and orders"))
)]
struct Api;

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    let routes = Router::new()
        .merge(create::route())
        .merge(show::route())
        .merge(list::route())
        .merge(cancel::route())
        .merge(remind::route())
        .merge(begin_payment::route())
        .merge(extend::route())
        .merge(freeze::route())
        .merge(letters::route())
        .merge(person::route())
        .merge(health::routes(&SERVICE, "/api/orders", true))
        .route("/api/orders/openapi.json", get(async || Json(Api::openapi())));
    serve::complete(routes)
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    events::answer::<worker::Orders>(&message).await
}
