//! `storefront`: the shop's pages, rendered before anything is downloaded, and its forms.
//!
//! It owns nothing: all that it shows it asks of the services, in the visitor's name, and each form
//! becomes a call of the API.
//!
//! | module | holds |
//! |---|---|
//! | [`pages`] | one page or form each |
//! | [`visitor`] | who is looking, in which language, by which means |
//! | [`accounts`] | whose session it is |
//! | [`services`] | what the services are asked, and what they answer |
//! | [`show`] | from what they answer to what a page shows |
//! | [`shown`] | amounts, dates and numbers in the visitor's way |
//! | [`form`] | forms as they come in, and what is wrong with them |
//! | [`answer`] | from a page to an answer: HTML or JSON, its length, its `ETag` |
//! | [`layout`] | what all answers get: security headers, and pages in place of problems |
//! | [`mail`] | whether the shop sends letters |
//! | [`notice`], [`redirect_target`] | what is said once after a redirect; where one is sent |
//! | [`test_shop`] | whether nothing is charged here, which every page says |
//! | [`cookie`] | small cookies, in and out |

#![allow(
    unsafe_code,
    reason = "the entry point's macro exports symbols; nothing here is unsafe by hand"
)]

mod accounts;
mod answer;
mod assets;
mod cookie;
mod form;
mod held;
mod layout;
mod mail;
mod notice;
mod pages;
mod redirect_target;
mod services;
mod show;
mod shown;
mod test_shop;
mod visitor;

use axum::Router;
use boxoffice_kernel::{Service, http::serve};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

/// This service, which keeps nothing.
static SERVICE: Service = Service { name: "storefront", db_url: "", migrations: &[] };

thread_local! {
    static ROUTER: Router = router();
}

fn router() -> Router {
    serve::complete(pages::routes().merge(assets::route()))
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let (request, asked) = layout::note(request);
    let answer = serve(&SERVICE, ROUTER.with(Router::clone), request).await;
    layout::finish(answer, asked).await
}
