//! `POST /orders/{id}/remind`: asks for a letter before a hold ends.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::OrderId;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use http::{Method, StatusCode};

use super::checkout::to_outcome;
use super::entrance::sign_in_first;
use crate::answer;
use crate::form::Sent;
use crate::notice::Notice;
use crate::services::{Change, ORDERS};
use crate::visitor::Visit;

/// The code of a hold that ends before a letter could come.
const ENDS_SOON: &str = "ends_soon";

pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}/remind", post(remind))
}

async fn remind(visit: Visit, Id(id): Id<OrderId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/orders/{id}/reminder");
    let change = Change::new(Method::POST, &path, sent.key());
    let checkout = format!("/orders/{id}/checkout");
    match visit.command(&ORDERS, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, &checkout, Some(Notice::Reminding)).await?),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, &checkout).await,
        // The page shows how little time is left, and offers no letter any more.
        Err(refusal) if refusal.code == ENDS_SOON => Ok(answer::go(&visit, &checkout, None).await?),
        // It has ended meanwhile: how, the order's page says.
        Err(refusal) if refusal.status == StatusCode::CONFLICT => to_outcome(&visit, id).await,
        Err(refusal) => Err(refusal.into_problem()),
    }
}
