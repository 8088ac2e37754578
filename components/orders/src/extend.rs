//! `POST /internal/orders/{id}/payment/extension`: what `payments` asks while a buyer is sent to
//! their bank (3-D Secure), or the provider takes its time.
//!
//! No route of `spin.toml` leads here from outside, and it only acts in the name of the buyer.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::OrderId;
use boxoffice_contract::orders as api;
use boxoffice_kernel::config;
use boxoffice_kernel::db::Transaction;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::trace::Traced;

use crate::SERVICE;
use crate::show::{own, own_by};
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/internal/orders/{id}/payment/extension", post(extend))
}

/// Extends the hold, unless it was before; answers with the order as it is then.
async fn extend(
    user: User,
    Id(id): Id<OrderId>,
    Traced(trace): Traced,
) -> Result<Json<api::Order>> {
    own(&user, id).await?;
    let seconds = config::number("action_hold_seconds").await?;
    let mut transaction = Transaction::begin(&SERVICE, trace).await?;
    match transition::extend(&mut transaction, id, user.id, seconds).await? {
        Some(order) => {
            transaction.commit().await?;
            Ok(Json(order.body()))
        }
        None => Ok(Json(own_by(&transaction, &user, id).await?.body())),
    }
}
