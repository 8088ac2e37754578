//! `GET /api/orders`: one's own orders.

use axum::Router;
use axum::extract::{Query, rejection::QueryRejection};
use axum::response::Response;
use axum::routing::get;
use boxoffice_common::Problem;
use boxoffice_common::db::{Connection, Value};
use boxoffice_common::http::page::{self, Page};
use boxoffice_common::identity::User;
use boxoffice_common::problem::{ProblemBody, Result};
use http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::SERVICE;
use crate::order::{COLUMNS, Order};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paging {
    /// How many a page has, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

pub(crate) fn route() -> Router {
    Router::new().route("/api/orders", get(list))
}

/// One's own orders
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/orders", tag = "orders", params(Paging),
    responses(
        (status = 200, description = "A page; Link names the next", body = Page<Order>),
        (status = 400, description = "Limit or cursor is invalid", body = ProblemBody),
        (status = 401, description = "Not signed in", body = ProblemBody),
    )
)]
pub(crate) async fn list(
    user: User,
    uri: Uri,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Result<Response> {
    let Query(paging) = paging.map_err(|error| Problem::malformed(error.body_text()))?;
    let limit = page::limit(paging.limit)?;
    let mut params = vec![Value::from(user.id), Value::from(limit + 1)];
    let mut after = "";
    if let Some(cursor) = &paging.cursor {
        params.push(page::read_cursor::<Uuid>(cursor)?.into());
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
    let page = Page::of(orders, limit, |order| order.id)?;
    Ok(page.respond(uri.path(), uri.query()))
}
