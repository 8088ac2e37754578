//! `POST /api/payments/{id}/refund`: undoes a sale.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::PaymentId;
use boxoffice_contract::orders::Order;
use boxoffice_contract::payments::{NewRefund, Paid, RefundReason};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::log::Security;
use boxoffice_kernel::peer::Call;
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Timestamp, Unit, UserCx, config, log};
use http::{Method, StatusCode};

use crate::machine::State;
use crate::moves::{self, News, RefundRequest};
use crate::pay::ORDERS;
use crate::payment::Payment;
use crate::refusal::{Refusal, Result};
use crate::stripe::Patience;
use crate::view::paid;
use crate::{SERVICE, settle};

pub(crate) fn route() -> Router {
    Router::new().route("/api/payments/{id}/refund", post(refund))
}

/// Refund a sale
///
/// For the tickets' seller, and for operators (role `operator`). For its buyer too, as long as the
/// order's `changed.refundableUntil` says: the seller has changed the event. The tickets are for sale
/// again then. All of the money goes back to
/// the buyer, the order becomes `refunded`, and its tickets are for sale again if `restock` says
/// so. A refund cannot be taken back. If buyers have sold tickets of the order on, those sales are
/// refunded too. A fan who has sold a ticket on cannot refund that sale (`resale`). Only operators
/// give the reason `fraudulent`, since it marks the buyer's card at the provider. After a 202 answer,
/// the shop asks the provider again until it answers. A repeat changes nothing. Operators, and accounts
/// with a second factor, must have confirmed within 15 minutes (`POST /api/users/confirm`).
#[utoipa::path(
    post, path = "/api/payments/{id}/refund", tag = "payments", operation_id = "refund_payment", request_body = NewRefund,
    params(
        ("id" = Uuid, Path, description = "The payment"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: a repeat of this request is safe even without it"),
    ),
    responses(
        (status = 200, description = "The money is on its way back", body = Paid),
        (status = 202, description = "The money will be given back; the provider has not answered yet", body = Paid),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's sale, a reason that only operators may give, or who asks must first confirm that it is them", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This payment does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is nothing to refund, or not yet, or the buyer disputes the charge, or the seller is a fan who sold a ticket on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refund(
    cx: UserCx,
    Id(id): Id<PaymentId>,
    idempotency: Idempotency,
    Valid(new_refund): Valid<NewRefund>,
) -> problem::Result<Response> {
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return Ok(replay);
    }
    let payment = undo(&cx, id, &new_refund).await?;
    if payment.state == State::Disputed {
        return Err(Refusal::Disputed.into());
    }
    let paid = paid(&payment, None);
    if payment.state != State::Refunded {
        return Ok((StatusCode::ACCEPTED, Json(paid)).into_response());
    }
    let work = async |_: &mut Unit<'_>| Result::Ok(Reply::ok(&paid)?);
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Refunds the payment `id`, and returns it as it is then.
async fn undo(cx: &UserCx, id: PaymentId, new_refund: &NewRefund) -> Result<Payment> {
    let payment = ask(cx, id, new_refund).await?;
    // It is due from here on: what fails now is for a tick.
    if let Err(error) = settle::settle(cx, &payment, Patience::Buyer).await {
        let cx = cx.with("payment", payment.id);
        log::failed(&cx, "refunding a payment; a tick will try again", &error);
    }
    Ok(payment.reload().await?)
}

/// Commits the request to refund the payment `id`, unless it was made before.
async fn ask(cx: &UserCx, id: PaymentId, new_refund: &NewRefund) -> Result<Payment> {
    let payment = Payment::one(Payment::find(id)).await?.ok_or(Refusal::NoSuchPayment)?;
    let is_given_up = is_given_up(cx, &payment).await?;
    if is_operator(cx).await? {
        cx.confirmed_by_factor().map_err(Refusal::Unconfirmed)?;
    } else {
        if !is_given_up && payment.seller_id != Some(cx.user.id) {
            return Err(Refusal::NotSeller);
        }
        // The seller's own ticket is void by then: only the first sale can undo those after it.
        if !is_given_up && payment.resale_of.is_some() {
            return Err(Refusal::Resale);
        }
        // The provider blocks the card for every shop then: a seller could harm buyers with it.
        if new_refund.reason == RefundReason::Fraudulent {
            return Err(Refusal::OperatorsReason);
        }
        cx.confirmed_if_protected().map_err(Refusal::Unconfirmed)?;
    }
    match payment.state {
        State::Refunded if payment.has_sold() => return Ok(payment),
        State::Captured | State::Settled | State::Refunding if payment.has_sold() => {}
        State::Disputed => return Err(Refusal::Disputed),
        State::Authorized => return Err(Refusal::NotCaptured),
        _ => return Err(Refusal::NotSold),
    }
    let NewRefund { reason, restock } = *new_refund;
    // What a fan sold on is theirs again: on sale, it would be sold as a ticket for an event of its own.
    let restock = (restock || is_given_up) && payment.resale_of.is_none();
    let request = RefundRequest { by: Some(cx.user.id), reason: reason.name(), restock };
    if moves::write(cx, &payment, News::RefundAsked(request)).await?.is_some() {
        log::security(&cx.with("payment", payment.id), Security::RefundAsked, None);
    }
    Ok(payment.reload().await?)
}

/// Whether the user who asks is the buyer, and gives the tickets back of an event that its seller has
/// changed: `orders` says until when.
async fn is_given_up(cx: &UserCx, payment: &Payment) -> Result<bool> {
    if payment.buyer_id != cx.user.id {
        return Ok(false);
    }
    let path = format!("/api/orders/{}", payment.order_id);
    let order: Option<Order> = ORDERS.ask(Call::by(cx, Method::GET, &path), None::<&()>).await?;
    let until = order.and_then(|order| order.changed?.refundable_until);
    Ok(until.is_some_and(|until| until > Timestamp::now()))
}

/// Tells whether the user who asks may refund the sales of others: by the role that `auth` gives, or by
/// the variable of releases before there were roles.
pub(crate) async fn is_operator(cx: &UserCx) -> anyhow::Result<bool> {
    if cx.is_operator() {
        return Ok(true);
    }
    let operators = config::variable("operators").await?;
    Ok(operators.split(',').any(|id| id.trim().parse() == Ok(cx.user.id)))
}
