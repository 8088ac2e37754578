//! `payments`: takes the buyers' money, through Stripe or the sandbox that speaks like it.
//!
//! Money is authorized first. It is captured once the order is complete; if the order ends any
//! other way, the authorization is given up. So nobody pays without a ticket.
//!
//! | module | holds |
//! |---|---|
//! | [`pay`], [`refund`], [`list`], [`statement`] | one call of the API each |
//! | [`file`] | a seller's ledger as a file for spreadsheets |
//! | [`payment`] | a payment: in the database, in JSON, in events |
//! | [`view`] | a payment as its buyer sees it |
//! | [`machine`] | where a payment can stand, what moves it, what is due: begin here |
//! | [`moves`] | the machine's moves, written down |
//! | [`abuse`] | who tests cards here, and is refused |
//! | [`mode`] | whether the money is real, and whether that is right |
//! | [`attempt`] | from a payment method to authorized money, or a decline |
//! | [`fee`] | what the shop keeps of a ticket that a fan sells on |
//! | [`observe`] | what the provider says of an intent |
//! | [`settle`] | capturing, voiding or refunding, by how the order ended |
//! | [`refusal`] | why something is refused |
//! | [`adjust`] | what the provider moved without the shop |
//! | [`attention`] | takes a payment from what operators have to look at |
//! | [`ledger`] | who owns the money that the provider holds |
//! | [`webhook`] | what the provider tells by itself |
//! | [`reconcile`] | what a tick finds out or tries again |
//! | [`stripe`] | the provider |
//! | [`person`] | what is known of one account, and how it is forgotten |
//! | [`worker`] | what the events of orders, and ticks, set off here |

#![allow(
    unsafe_code,
    reason = "the entry points' macros export symbols; nothing here is unsafe by hand"
)]

mod abuse;
mod adjust;
mod attempt;
mod attention;
mod fee;
mod file;
mod ledger;
mod list;
mod machine;
mod mode;
mod moves;
mod observe;
mod pay;
mod payment;
mod person;
mod reconcile;
mod refund;
mod refusal;
mod settle;
mod statement;
#[cfg(test)]
mod statements;
mod stripe;
mod view;
mod webhook;
mod worker;

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_kernel::events::worker as events;
use boxoffice_kernel::{health, http::serve};
use bytes::Bytes;
use payments_schema::SERVICE;
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::{http_service, redis_subscriber};
use utoipa::OpenApi;

/// This service's part of the API's description.
#[derive(OpenApi)]
#[openapi(
    paths(pay::pay, pay::confirm, refund::refund, attention::dismiss, list::list, statement::statement, webhook::receive),
    tags((name = "payments", description = "Paying for orders"))
)]
struct Api;

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    let routes = Router::new()
        .merge(pay::route())
        .merge(refund::route())
        .merge(attention::route())
        .merge(list::route())
        .merge(statement::route())
        .merge(webhook::route())
        .merge(person::route())
        .merge(health::routes_with(&SERVICE, "/api/payments", true, mode::health))
        .route("/api/payments/openapi.json", get(async || Json(Api::openapi())));
    serve::complete(routes)
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}

#[redis_subscriber]
async fn on_message(message: Bytes) -> anyhow::Result<()> {
    events::answer::<worker::Payments>(&message).await
}
