//! `/`: a plain page, until there is a shop.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use maud::html;

use crate::docs::page;

pub(crate) fn route() -> Router {
    Router::new().route("/", get(home))
}

async fn home() -> Html<String> {
    page(
        "Boxoffice",
        &html! {
            h1 { "Boxoffice" }
            p { "A marketplace for event tickets. The shop is being built; its API is open." }
            ul {
                li { a href="/api/docs" { "The API, described" } }
                li { a href="/api/openapi.json" { "The same for programs (OpenAPI 3.1)" } }
                li { a href="/api/tickets" { "What is for sale, as JSON" } }
                li { a href="/readyz" { "How the services are doing" } }
            }
        },
    )
}
