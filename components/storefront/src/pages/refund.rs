//! `POST /sales/{payment}/refund`: undoes a sale.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::PaymentId;
use boxoffice_contract::payments::PaymentStatus;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{self, State, Tone};
use http::{Method, StatusCode};
use serde_json::json;

use super::confirm;
use super::entrance::sign_in_first;
use super::sales::{self, Range};
use crate::answer;
use crate::form::Sent;
use crate::notice::Notice;
use crate::services::{Change, PAYMENTS, payments};
use crate::visitor::Visit;

const FIELDS: [&str; 2] = ["reason", "restock"];

pub(crate) fn route() -> Router {
    Router::new().route("/sales/{payment}/refund", post(refund))
}

async fn refund(visit: Visit, Id(payment): Id<PaymentId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/payments/{payment}/refund");
    let reason = sent.given("reason").unwrap_or("requested_by_customer");
    let wish = json!({ "reason": reason, "restock": sent.given("restock").is_some() });
    let change = Change::new(Method::POST, &path, sent.key());
    match visit.command(&PAYMENTS, change, Some(&wish)).await? {
        Ok(answer) => {
            let refunded = payments::read(&answer)?.status == PaymentStatus::Refunded;
            let notice = if refunded { Notice::Refunded } else { Notice::Refunding };
            Ok(answer::go(&visit, sales::ADDRESS, Some(notice)).await?)
        }
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, sales::ADDRESS).await,
        Err(refusal) if refusal.status == StatusCode::CONFLICT => {
            let notice = Some(state::Notice { tone: Tone::Bad, text: refusal.detail });
            let state = State { notice, ..sales::load(&visit, Range::all(), None).await? };
            Ok(answer::refuse(&visit, StatusCode::CONFLICT, state).await?)
        }
        Err(refusal) => {
            let next = sales::ADDRESS;
            match confirm::instead(&visit, &refusal, &sent, &FIELDS, next).await? {
                Some(response) => Ok(response),
                None => Err(refusal.into_problem()),
            }
        }
    }
}
