//! `POST /internal/orders/{id}/payment`: what `payments` asks before it takes anyone's money.
//!
//! No route of `spin.toml` leads here from outside, and it only acts in the name of the buyer.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::{self as api, OrderStatus};
use boxoffice_kernel::db::Connection;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp};

use crate::SERVICE;
use crate::order::Order;
use crate::show::own_by;
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/internal/orders/{id}/payment", post(begin_payment))
}

async fn begin_payment(user: User, Id(id): Id<OrderId>) -> Result<Json<api::Order>> {
    let connection = Connection::open(&SERVICE).await?;
    match transition::begin_payment(&connection, id, user.id).await? {
        Some(order) => Ok(Json(order.body())),
        None => Err(refusal(&own_by(&connection, &user, id).await?)),
    }
}

fn refusal(order: &Order) -> Problem {
    match order.status {
        OrderStatus::Complete => Problem::conflict("This order is already paid for", "complete"),
        OrderStatus::Cancelled => {
            Problem::conflict("This order is cancelled. You were not charged", "cancelled")
        }
        OrderStatus::Refunded => {
            Problem::conflict("This order was refunded; order the tickets again", "refunded")
        }
        OrderStatus::Created | OrderStatus::AwaitingPayment
            if order.expires_at <= Timestamp::now() =>
        {
            Problem::conflict("Your hold ended. You were not charged", "expired")
        }
        OrderStatus::Created | OrderStatus::AwaitingPayment => {
            Problem::conflict("This order changed just now; read it again", "changed")
        }
    }
}
