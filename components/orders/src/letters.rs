//! `POST /api/orders/letters`: what `mail` says of an order.
//!
//! Only a service of ours gets an answer: it names buyer and seller.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::mail::{AskOrder, ORDERS, OrderFacts};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::{Sibling, problem};

use crate::SERVICE;
use crate::order::Shown;
use crate::refusal::Refusal;

pub(crate) fn route() -> Router {
    Router::new().route(ORDERS, post(facts))
}

async fn facts(Sibling(asked): Sibling<AskOrder>) -> problem::Result<Json<OrderFacts>> {
    let shown: Option<Shown> = Reader::new(&SERVICE).read(Shown::find(asked.order_id)).await?;
    Ok(Json(shown.ok_or(Refusal::NoSuchOrder)?.facts()))
}
