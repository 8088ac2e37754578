//! `GET /api/orders`: one's own orders.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::orders as api;
use boxoffice_contract::{OrderId, Page};
use boxoffice_kernel::db::{Connection, Read, Value};
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::http::page;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::{ProblemBody, Result};
use http::Uri;

use crate::SERVICE;
use crate::order::{COLUMNS, Order};

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
pub(crate) async fn list(user: User, uri: Uri) -> Result<Response> {
    let mut fields = Fields::parse(uri.query(), &["limit", "cursor"]);
    let limit = fields.take("limit", page::read_limit).unwrap_or(page::DEFAULT_LIMIT);
    let cursor = fields.take("cursor", page::read_cursor::<OrderId>);
    fields.finish()?;
    let mut params = vec![Value::from(user.id), Value::from(limit + 1)];
    let mut after = "";
    if let Some(last) = cursor {
        params.push(last.into());
        after = "AND id < ?3";
    }
    // Ids are UUIDv7: they sort by time.
    let sql = format!(
        "SELECT {COLUMNS} FROM orders_orders WHERE buyer_id = ?1 {after} ORDER BY id DESC LIMIT ?2"
    );
    let rows = {
        let connection = Connection::open(&SERVICE).await?;
        connection.query(&sql, &params).await?
    };
    let orders = rows.iter().map(Order::read).collect::<Result<Vec<_>, _>>()?;
    let page = page::cut(orders, limit, |order| order.id)?.map(|order| order.body());
    Ok(page::respond(page, uri.path(), uri.query()))
}
