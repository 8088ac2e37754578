//! `storefront`: the shop's pages.

#![allow(
    unsafe_code,
    reason = "the entry point's macro exports symbols; nothing here is unsafe by hand"
)]

mod assets;

use axum::Router;
use boxoffice_common::{Service, http::serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

/// This service, which keeps nothing.
static SERVICE: Service = Service { name: "storefront", migrations: &[] };

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    serve::complete(assets::route())
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve(&SERVICE, ROUTER.with(Router::clone), request).await
}
