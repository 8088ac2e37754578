//! What browsers and search engines ask for unasked.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

use crate::assets;

/// The API is for programs; pages that are nobody else's say so themselves (`X-Robots-Tag`), which
/// only those see who may ask for them.
const ROBOTS: &str = "User-agent: *\nDisallow: /api/\nDisallow: /live\n";

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/robots.txt", get(async || ROBOTS))
        .route("/favicon.ico", get(async || Redirect::permanent(&assets::names().icon)))
}
