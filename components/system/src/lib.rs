//! `system`: the health of the whole, and the description of the API; and as `pulse`, the health of
//! the workers, where they have pods of their own.
//!
//! | module | holds |
//! |---|---|
//! | [`ready`] | `/healthz` and `/readyz`; the same below `/workers` |
//! | [`openapi`] | `/api/openapi.json`: what the services say of themselves, as one |
//! | [`docs`] | `/api/docs`: the same for people |
//! | [`siblings`] | the services |

#![allow(
    unsafe_code,
    reason = "the entry point's macro exports symbols; nothing here is unsafe by hand"
)]

mod docs;
mod openapi;
mod ready;
mod siblings;

use axum::Router;
use boxoffice_kernel::{Service, http::serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

/// This service, which keeps nothing.
static SERVICE: Service = Service { name: "system", db_url: "", migrations: &[] };

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    let routes = Router::new().merge(ready::routes()).merge(openapi::route()).merge(docs::route());
    serve::complete(routes)
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}
