//! `GET /api/orders/{id}`: one order of one's own.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::OrderId;
use boxoffice_contract::orders as api;
use boxoffice_kernel::Problem;
use boxoffice_kernel::db::Read;
use boxoffice_kernel::http::{Id, etag};
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::{ProblemBody, Result};
use http::header::{ETAG, HeaderName, HeaderValue};

use crate::order::Order;

pub(crate) fn route() -> Router {
    Router::new().route("/api/orders/{id}", get(show))
}

/// One order
#[utoipa::path(
    get, path = "/api/orders/{id}", tag = "orders", operation_id = "show_order",
    params(("id" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = api::Order),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This order does not exist", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    user: User,
    Id(id): Id<OrderId>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<api::Order>)> {
    let order = own(&user, id).await?;
    Ok(([(ETAG, etag::of(order.version))], Json(order.body())))
}

/// The order `id`, which must be `user`'s.
pub(crate) async fn own(user: &User, id: OrderId) -> Result<Order> {
    of(user, Order::find(id).await?)
}

/// The same, read by a connection that is there already.
pub(crate) async fn own_by(read: &impl Read, user: &User, id: OrderId) -> Result<Order> {
    of(user, Order::find_by(read, id).await?)
}

fn of(user: &User, order: Option<Order>) -> Result<Order> {
    let order = order.ok_or_else(|| Problem::not_found("This order does not exist"))?;
    if order.buyer_id == user.id {
        return Ok(order);
    }
    Err(Problem::forbidden("This is somebody else's order"))
}
