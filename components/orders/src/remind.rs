//! `POST /api/orders/{id}/reminder`: a letter before the hold ends, for a buyer who asks for one.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::OrderId;
use boxoffice_contract::orders as api;
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
    Router::new().route("/api/orders/{id}/reminder", post(remind))
}

/// Ask for an e-mail before a hold ends
///
/// It is sent three minutes before, unless the order is paid for or has ended by then. A repeat changes
/// nothing.
#[utoipa::path(
    post, path = "/api/orders/{id}/reminder", tag = "orders", operation_id = "remind_of_order",
    params(
        ("id" = Uuid, Path, description = "The order"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The order; an e-mail will come", body = api::Order),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This order does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The order is over, or ends within three minutes", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remind(
    cx: UserCx,
    Id(id): Id<OrderId>,
    idempotency: Idempotency,
) -> Result<Response> {
    own(&cx, id).await?;
    let work = async |unit: &mut Unit<'_>| wish(&cx, unit, id).await;
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

async fn wish(cx: &UserCx, unit: &mut Unit<'_>, id: OrderId) -> refusal::Result<Reply> {
    let order = match transition::remind(unit, id, cx.user.id).await? {
        Some(order) => order,
        None => {
            let order = own_in(cx, unit, id).await?;
            let is_held =
                matches!(order.status(), OrderStatus::Created | OrderStatus::AwaitingPayment);
            match order.body().reminder {
                true if is_held => order,
                _ if is_held => return Err(Refusal::EndsSoon),
                _ => return Err(Refusal::Ended),
            }
        }
    };
    Ok(Reply::ok(&order.body())?)
}
