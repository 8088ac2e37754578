//! `POST /orders/{id}/cancel`: gives a hold up.

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

pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}/cancel", post(cancel))
}

async fn cancel(visit: Visit, Id(id): Id<OrderId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/orders/{id}");
    let change = Change::new(Method::DELETE, &path, sent.key());
    match visit.command(&ORDERS, change, None::<&()>).await? {
        Ok(_) => {
            let address = format!("/orders/{id}");
            Ok(answer::go(&visit, &address, Some(Notice::Cancelled)).await?)
        }
        Err(refusal) if refusal.is_unauthorized() => {
            sign_in_first(&visit, &format!("/orders/{id}")).await
        }
        // It has ended meanwhile: how, the order's page says.
        Err(refusal) if refusal.status == StatusCode::CONFLICT => to_outcome(&visit, id).await,
        Err(refusal) => Err(refusal.into_problem()),
    }
}
