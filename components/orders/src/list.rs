//! `GET /api/orders`: one's own orders.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::orders as api;
use boxoffice_contract::{OrderId, Page};
use boxoffice_kernel::UserCx;
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::http::page;
use boxoffice_kernel::problem::{ProblemBody, Result};
use http::Uri;

use crate::SERVICE;
use crate::order::Shown;

pub(crate) fn route() -> Router {
    Router::new().route("/api/orders", get(list))
}

/// List your own orders
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/orders", tag = "orders", operation_id = "list_orders",
    params(
        ("limit" = Option<i64>, Query, description = "How many entries a page has: 1 to 100, by default 20"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "One page; the Link header names the next", body = Page<api::Order>),
        (status = 400, description = "Limit or cursor is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(cx: UserCx, uri: Uri) -> Result<Response> {
    let mut fields = Fields::parse(uri.query(), &["limit", "cursor"]);
    let limit = fields.take("limit", page::read_limit).unwrap_or(page::DEFAULT_LIMIT);
    let cursor = fields.take("cursor", page::read_cursor::<OrderId>);
    fields.finish()?;
    let orders: Vec<Shown> =
        Reader::new(&SERVICE).read_all(Shown::of_buyer(cx.user.id, cursor, limit + 1)).await?;
    let page = page::cut(orders, limit, |shown| shown.order.id)?.map(|shown| shown.body());
    Ok(page::respond(page, uri.path(), uri.query()))
}
