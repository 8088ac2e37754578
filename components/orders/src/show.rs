//! `GET /api/orders/{id}`: one order of one's own.

use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::OrderId;
use boxoffice_contract::orders as api;
use boxoffice_kernel::UserCx;
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::{Id, etag};
use boxoffice_kernel::problem::{self, ProblemBody};
use http::header::{ETAG, HeaderName, HeaderValue};

use crate::SERVICE;
use crate::order::{Order, Shown};
use crate::refusal::{Refusal, Result};

pub(crate) fn route() -> Router {
    Router::new().route("/api/orders/{id}", get(show))
}

/// One order
///
/// Its event is shown as the seller describes it now. If that is not what it was when the order was made,
/// `changed` says what it was, and until when the buyer may ask for the money back.
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
    cx: UserCx,
    Id(id): Id<OrderId>,
) -> problem::Result<([(HeaderName, HeaderValue); 1], Json<api::Order>)> {
    let shown: Option<Shown> = Reader::new(&SERVICE).read(Shown::find(id)).await?;
    let shown = shown.ok_or(Refusal::NoSuchOrder)?;
    if shown.order.buyer_id != cx.user.id {
        return Err(Refusal::NotBuyer.into());
    }
    Ok(([(ETAG, etag::of(shown.tag()))], Json(shown.body())))
}

/// Finds the order `id`, which must be that of the user who asks.
pub(crate) async fn own(cx: &UserCx, id: OrderId) -> Result<Order> {
    own_in(cx, &mut Reader::new(&SERVICE), id).await
}

/// Finds the same by a connection that is there already.
pub(crate) async fn own_in(cx: &UserCx, read: &mut impl Read, id: OrderId) -> Result<Order> {
    let order = Order::find_in(read, id).await?.ok_or(Refusal::NoSuchOrder)?;
    if order.buyer_id == cx.user.id { Ok(order) } else { Err(Refusal::NotBuyer) }
}
