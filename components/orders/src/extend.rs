//! `POST /internal/orders/{id}/payment/extension`: what `payments` asks while a buyer is sent to
//! their bank (3-D Secure), or the provider takes its time.
//!
//! No route of `spin.toml` leads here from outside, and it only acts in the name of the buyer.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::OrderId;
use boxoffice_contract::orders as api;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::{UserCx, config, problem, unit};

use crate::SERVICE;
use crate::order::Order;
use crate::refusal::Result;
use crate::show::{own, own_in};
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/internal/orders/{id}/payment/extension", post(extend))
}

async fn extend(cx: UserCx, Id(id): Id<OrderId>) -> problem::Result<Json<api::Order>> {
    Ok(Json(extended(&cx, id).await?.body()))
}

/// Extends the hold, unless it was before; returns the order as it is then.
async fn extended(cx: &UserCx, id: OrderId) -> Result<Order> {
    own(cx, id).await?;
    let seconds = config::number("action_hold_seconds").await?;
    unit::run(cx, &SERVICE, async |unit| {
        match transition::extend(unit, id, cx.user.id, seconds).await? {
            Some(order) => Ok(order),
            None => own_in(cx, unit, id).await,
        }
    })
    .await
}
