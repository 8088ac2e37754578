//! `POST /orders/{id}/pay`.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::OrderId;
use boxoffice_contract::payments::{NewPayment, PaymentStatus};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::log;
use boxoffice_kernel::problem::Result;
use http::{Method, StatusCode};

use super::checkout::{self, again, to_outcome};
use super::completion::{CHECKING, completed};
use super::entrance::sign_in_first;
use crate::form::{Sent, new_key, wrong_at_all};
use crate::services::{Change, PAYMENTS, Refusal, payments};
use crate::visitor::Visit;

/// What is shown again of the form: which card it was.
const SHOWN: [&str; 1] = ["token"];
pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}/pay", post(pay))
}

async fn pay(visit: Visit, Id(id): Id<OrderId>, sent: Sent) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &format!("/orders/{id}/checkout")).await;
    }
    if sent.given("token").is_none() {
        return refuse(&visit, id, &sent, StatusCode::BAD_REQUEST, "Choose a card first.").await;
    }
    let payment = NewPayment { order_id: id, token: sent.value("token").to_owned() };
    let change = Change::new(Method::POST, "/api/payments", sent.key());
    match visit.change(&PAYMENTS, change, Some(&payment)).await {
        Ok(Ok(answer)) => match payments::read(&answer) {
            Ok(payment) if payment.status == PaymentStatus::RequiresAction => {
                checkout::show_at(&visit, id).await
            }
            Ok(payment) => {
                completed(&visit, &payment).await;
                to_outcome(&visit, id).await
            }
            Err(error) => {
                log::failed(
                    &visit.cx,
                    "reading the result of a payment; the order shows it",
                    &error,
                );
                to_outcome(&visit, id).await
            }
        },
        Ok(Err(refusal)) => refused(&visit, id, &sent, refusal).await,
        Err(error) => {
            log::failed(&visit.cx, "sending a payment, which may have been made anyway", &error);
            unknown(&visit, id, &sent).await
        }
    }
}

async fn refused(visit: &Visit, id: OrderId, sent: &Sent, refusal: Refusal) -> Result<Response> {
    let status = refusal.status;
    match refusal.code.as_str() {
        // The answer of this very attempt, or of one before, is on its way.
        "payment_pending" | "idempotency_key_reused" => unknown(visit, id, sent).await,
        // Nothing was begun.
        "payments_off" => refuse(visit, id, sent, status, &refusal.detail).await,
        _ if status.is_server_error() => unknown(visit, id, sent).await,
        _ if status == StatusCode::CONFLICT => to_outcome(visit, id).await,
        _ if refusal.is_unauthorized() => {
            sign_in_first(visit, &format!("/orders/{id}/checkout")).await
        }
        _ if is_told(status) => refuse(visit, id, sent, status, &refusal.detail).await,
        _ => Err(refusal.into_problem()),
    }
}

/// Whether the checkout says why: the buyer can do something about it, now or later.
fn is_told(status: StatusCode) -> bool {
    use StatusCode as S;
    matches!(status, S::PAYMENT_REQUIRED | S::BAD_REQUEST | S::TOO_MANY_REQUESTS)
}

/// The checkout, with why it was not paid. The next attempt is another one: it has another key.
async fn refuse(
    visit: &Visit,
    id: OrderId,
    sent: &Sent,
    status: StatusCode,
    why: &str,
) -> Result<Response> {
    again(visit, id, status, sent.again(&SHOWN, vec![wrong_at_all(why)], new_key())).await
}

/// The checkout, while nobody knows. With the same key, sending the form again finds out, and pays
/// nothing twice.
async fn unknown(visit: &Visit, id: OrderId, sent: &Sent) -> Result<Response> {
    let form = sent.again(&SHOWN, vec![wrong_at_all(CHECKING)], sent.key().to_owned());
    again(visit, id, StatusCode::SERVICE_UNAVAILABLE, form).await
}
