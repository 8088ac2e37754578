//! `GET /api/payments`: what one has paid, or tried to, for some orders.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::payments as api;
use boxoffice_contract::{OrderId, Page, PaymentId, UserId};
use boxoffice_kernel::db::{self, Query};
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::http::page;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{UserCx, query};
use http::Uri;

use crate::payment::{COLUMNS, Payment};
use crate::view::body;

/// For how many orders one may ask at once.
const MAX_ORDERS: usize = 100;

pub(crate) fn route() -> Router {
    Router::new().route("/api/payments", get(list))
}

/// List your own payments
///
/// Newest first, including declined payments.
#[utoipa::path(
    get, path = "/api/payments", tag = "payments", operation_id = "list_payments",
    params(
        ("orderId" = Option<String>, Query, description = "Only payments for these orders: up to 100 ids, separated by commas"),
        ("limit" = Option<i64>, Query, description = "How many entries a page has: 1 to 100, by default 20"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page"),
    ),
    responses(
        (status = 200, description = "One page; the Link header names the next", body = Page<api::Payment>),
        (status = 400, description = "A filter is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(cx: UserCx, uri: Uri) -> Result<Response> {
    let mut fields = Fields::parse(uri.query(), &["orderId", "limit", "cursor"]);
    let orders = fields.take("orderId", read_orders);
    let limit = fields.take("limit", page::read_limit).unwrap_or(page::DEFAULT_LIMIT);
    let cursor = fields.take("cursor", page::read_cursor::<PaymentId>);
    fields.finish()?;
    let found = Payment::all(of_buyer(cx.user.id, orders, cursor, limit + 1)).await?;
    let page = page::cut(found, limit, |payment| payment.id)?.map(|payment| body(&payment));
    Ok(page::respond(page, uri.path(), uri.query()))
}

/// Finds the newest `most` payments of `buyer`: for `orders` if they are given, and older than `last`
/// if that is.
pub(crate) fn of_buyer(
    buyer: UserId,
    orders: Option<Vec<OrderId>>,
    last: Option<PaymentId>,
    most: i64,
) -> Query {
    let count = orders.as_ref().map_or(0, Vec::len);
    let for_orders = match &orders {
        Some(_) => format!(" AND order_id IN ({})", db::list(2, count)),
        None => String::new(),
    };
    let after = last.map(|_| format!(" AND id < ?{}", count + 3)).unwrap_or_default();
    // Ids are UUIDv7: they sort by time.
    query!(
        "SELECT {COLUMNS} FROM payments_payments \
         WHERE buyer_id = ?1{for_orders}{after} ORDER BY id DESC LIMIT ?2",
        buyer,
        most
    )
    .bind_all(orders.into_iter().flatten())
    .bind_all(last)
}

fn read_orders(text: &str) -> Result<Vec<OrderId>, String> {
    let ids: Option<Vec<OrderId>> = text.split(',').map(|id| id.trim().parse().ok()).collect();
    ids.filter(|ids| ids.len() <= MAX_ORDERS)
        .ok_or_else(|| format!("Give the ids of up to {MAX_ORDERS} orders, separated by commas"))
}
