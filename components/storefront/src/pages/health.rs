//! `/healthz` and `/readyz`, for a deployment where the pages have pods of their own, without
//! `system`. Where that is as well, its routes are the more exact ones, and these are not asked.

use axum::Router;
use axum::routing::get;

/// Ready as soon as it answers: a page says so itself when a service that it asks does not, and pods
/// that left the balancer for that would leave nobody to say it.
pub(crate) fn routes() -> Router {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(async || "ok\n"))
}
