//! `live`: tells open pages what happens to the listings that they show, as server-sent events.
//!
//! It knows what `tickets` writes into one short stream in Redis, and keeps nothing. All streams
//! that are open in an instance are written by one task, which asks Redis for all of them at once.
//!
//! | module | holds |
//! |---|---|
//! | [`follow`], [`subscription`] | `GET /live`: reads which listings a page follows |
//! | [`poller`] | the one task: reads, tells, waits, and again |
//! | [`feed`] | the news of the last minutes |
//! | [`connections`], [`page`] | the pages that are open, and what each has yet to hear |
//! | [`sse_writer`] | writes a body bit by bit |
//! | [`sse`] | what is written |

#![allow(
    unsafe_code,
    reason = "the entry point's macro exports symbols; nothing here is unsafe by hand"
)]

mod connections;
mod feed;
mod follow;
mod page;
mod poller;
mod sse;
mod sse_writer;
mod subscription;

use axum::Router;
use boxoffice_kernel::{Service, http::serve};
use http::Method;
use http::header::CONTENT_LENGTH;
use spin_sdk::http::{EmptyBody, IntoResponse, Request};
use spin_sdk::http_service;
use spin_sdk::wasip3::http::types::{ErrorCode, Response};

use crate::subscription::Subscription;

/// This service, which keeps nothing.
static SERVICE: Service = Service { name: "live", db_url: "", migrations: &[] };

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    serve::complete(follow::route())
}

#[http_service]
async fn handle(request: Request) -> Result<Response, ErrorCode> {
    let with_body = request.method() != Method::HEAD;
    let (mut response, inbound) =
        serve::answer(&SERVICE, ROUTER.with(Router::clone), request).await;
    let Some(subscription) = response.extensions_mut().remove::<Subscription>() else {
        return serve::finish(response, inbound).await.into_response();
    };
    // axum has counted the body that is only begun here.
    response.headers_mut().remove(CONTENT_LENGTH);
    serve::sign(response.headers_mut(), inbound).await;
    if with_body {
        poller::open(response.headers().clone(), subscription)
    } else {
        response.map(|_| EmptyBody::new()).into_response()
    }
}
