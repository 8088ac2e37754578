//! `admissions`: who may enter. It follows what `orders` says is sold, and decides at the door.
//!
//! | module | holds |
//! |---|---|
//! | [`list`], [`show`], [`paper`], [`wallet`], [`name`], [`transfer`], [`accept`], [`offer`] | the calls of a ticket's holder |
//! | [`door`], [`changes`], [`scan`], [`staff`], [`doubles`] | the calls of those who stand at a door |
//! | [`admission`] | an admission: in the database, in JSON, in events |
//! | [`transition`] | how admissions go on and end: one guarded statement each |
//! | [`letters`] | what `mail` asks of it |
//! | [`person`] | what is known of one account, and how it is forgotten |
//! | [`turning`] | codes that turn, and for which hours devices get them |
//! | [`issue`] | what an order's sale, or its refund, makes of admissions |
//! | [`listing`] | what is known of the events |
//! | [`issuer`], [`key`] | what answers are made with; the key that signs codes and links |
//! | [`refusal`] | why something is refused |
//! | [`worker`] | what the events of orders and tickets change here |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod accept;
mod admission;
mod changes;
mod door;
mod doubles;
mod issue;
mod issuer;
mod key;
mod letters;
mod list;
mod listing;
#[cfg(test)]
mod model;
mod name;
mod offer;
mod paper;
mod person;
mod refusal;
mod scan;
mod show;
mod staff;
#[cfg(test)]
mod statements;
mod transfer;
mod transition;
mod turning;
mod wallet;
mod worker;

use admissions_schema::SERVICE;
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
        list::list, show::show, paper::print, wallet::apple_pass, wallet::google_pass,
        name::name, transfer::begin, transfer::take_back, accept::offer, accept::accept,
        offer::offer, offer::take_off_sale,
        door::door, door::guests, door::keys, changes::changes, scan::scan, scan::undo,
        doubles::doubles, staff::create, staff::list, staff::end
    ),
    tags(
        (name = "admissions", description = "Tickets in the hand: codes and transfers"),
        (name = "door", description = "Who comes in"),
    )
)]
struct Api;

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    let routes = Router::new()
        .merge(list::route())
        .merge(show::route())
        .merge(name::route())
        .merge(transfer::route())
        .merge(accept::route())
        .merge(offer::route())
        .merge(door::route())
        .merge(changes::route())
        .merge(scan::route())
        .merge(doubles::route())
        .merge(staff::route())
        .merge(letters::route())
        .merge(person::route())
        .merge(health::routes(&SERVICE, "/api/admissions", true))
        .route("/api/admissions/openapi.json", get(async || Json(Api::openapi())));
    serve::complete(routes)
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    events::answer::<worker::Admissions>(&message).await
}
