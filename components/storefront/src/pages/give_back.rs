//! `POST /orders/{id}/give-back`: gives tickets back whose event has changed.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::OrderId;
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{self, State, Tone};
use http::{Method, StatusCode};
use serde_json::json;

use super::entrance::sign_in_first;
use super::order;
use crate::answer;
use crate::form::Sent;
use crate::notice::Notice;
use crate::services::{Change, PAYMENTS, payments};
use crate::visitor::Visit;

pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}/give-back", post(give_back))
}

async fn give_back(visit: Visit, Id(id): Id<OrderId>, sent: Sent) -> Result<Response> {
    let address = format!("/orders/{id}");
    if visit.user.is_none() {
        return sign_in_first(&visit, &address).await;
    }
    let payment = payments::newest(&visit, id).await?;
    let payment = payment.ok_or_else(|| Problem::not_found("This order is not paid"))?;
    let path = format!("/api/payments/{}/refund", payment.id);
    let change = Change::new(Method::POST, &path, sent.key());
    match visit.command(&PAYMENTS, change, Some(&json!({}))).await? {
        Ok(_) => Ok(answer::go(&visit, &address, Some(Notice::GivenBack)).await?),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, &address).await,
        Err(refusal) if refusal.status == StatusCode::CONFLICT => {
            let notice = Some(state::Notice { tone: Tone::Bad, text: refusal.detail });
            let state = State { here: address, notice, ..order::load(&visit, id).await? };
            Ok(answer::refuse(&visit, StatusCode::CONFLICT, state).await?)
        }
        Err(refusal) => Err(refusal.into_problem()),
    }
}
