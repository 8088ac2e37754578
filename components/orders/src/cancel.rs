//! `DELETE /api/orders/{id}`: gives up a hold of one's own.

use axum::Router;
use axum::response::Response;
use axum::routing::delete;
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::OrderStatus;
use boxoffice_kernel::Problem;
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::trace::Traced;

use crate::SERVICE;
use crate::show::{own, own_by};
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
    user: User,
    Id(id): Id<OrderId>,
    idempotency: Idempotency,
    Traced(trace): Traced,
) -> Result<Response> {
    own(&user, id).await?;
    command::run(&SERVICE, &user.id.to_string(), trace, &idempotency, async |transaction| {
        if transition::give_up(transaction, id, user.id).await?.is_some() {
            return Ok(Reply::no_content());
        }
        // It had ended before.
        let complaint = "This order is paid for; its tickets are yours and it cannot be cancelled";
        match own_by(transaction, &user, id).await?.status {
            OrderStatus::Cancelled => Ok(Reply::no_content()),
            OrderStatus::Complete => Err(Problem::conflict(complaint, "complete")),
            OrderStatus::Refunded => {
                let complaint = "This order was already refunded";
                Err(Problem::conflict(complaint, "refunded"))
            }
            OrderStatus::Created | OrderStatus::AwaitingPayment => {
                Err(Problem::conflict("This order ended just now; read it again", "changed"))
            }
        }
    })
    .await
}
