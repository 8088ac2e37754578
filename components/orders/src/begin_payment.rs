//! `POST /internal/orders/{id}/payment`: what `payments` asks before it takes anyone's money.
//!
//! No route of `spin.toml` leads here from outside, and it only acts in the name of the buyer.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::{self as api, OrderStatus};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::{Timestamp, UserCx, problem, unit};

use crate::SERVICE;
use crate::order::Order;
use crate::refusal::{Refusal, Result};
use crate::show::own_in;
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/internal/orders/{id}/payment", post(begin_payment))
}

async fn begin_payment(cx: UserCx, Id(id): Id<OrderId>) -> problem::Result<Json<api::Order>> {
    Ok(Json(begin(&cx, id).await?.body()))
}

/// Notes that the buyer begins to pay, and says why not if that cannot be.
async fn begin(cx: &UserCx, id: OrderId) -> Result<Order> {
    unit::run(cx, &SERVICE, async |unit| {
        match transition::begin_payment(unit, id, cx.user.id).await? {
            Some(order) => Ok(order),
            None => Err(refusal(&own_in(cx, unit, id).await?)),
        }
    })
    .await
}

fn refusal(order: &Order) -> Refusal {
    match order.status() {
        OrderStatus::Complete => Refusal::PaidFor,
        OrderStatus::Cancelled => Refusal::Cancelled,
        OrderStatus::Refunded => Refusal::RefundedOnce,
        OrderStatus::Created | OrderStatus::AwaitingPayment
            if order.expires_at <= Timestamp::now() =>
        {
            Refusal::Expired
        }
        OrderStatus::Created | OrderStatus::AwaitingPayment => Refusal::Changed,
    }
}
