//! `DELETE /api/orders/{id}`: gives up a hold of one's own.

use axum::Router;
use axum::response::Response;
use axum::routing::delete;
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Unit, UserCx};

use crate::SERVICE;
use crate::refusal::{self, Refusal};
use crate::show::{own, own_in};
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/api/orders/{id}", delete(cancel))
}

/// Give up a hold
///
/// Its tickets go back on sale. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/orders/{id}", tag = "orders", operation_id = "cancel_order",
    params(
        ("id" = Uuid, Path, description = "The order"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 204, description = "The order is cancelled"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This order does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The order is complete, or was refunded", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel(
    cx: UserCx,
    Id(id): Id<OrderId>,
    idempotency: Idempotency,
) -> Result<Response> {
    own(&cx, id).await?;
    let work = async |unit: &mut Unit<'_>| give_up(&cx, unit, id).await;
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Ends the hold, unless it had ended before.
async fn give_up(cx: &UserCx, unit: &mut Unit<'_>, id: OrderId) -> refusal::Result<Reply> {
    if transition::give_up(unit, id, cx.user.id).await?.is_some() {
        return Ok(Reply::no_content());
    }
    match own_in(cx, unit, id).await?.status() {
        OrderStatus::Cancelled => Ok(Reply::no_content()),
        OrderStatus::Complete => Err(Refusal::Sold),
        OrderStatus::Refunded => Err(Refusal::Refunded),
        OrderStatus::Created | OrderStatus::AwaitingPayment => Err(Refusal::Ended),
    }
}
