//! `POST /api/payments` pays for an order; `POST /api/payments/{id}/confirm` goes on with a payment.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::orders::{Order, OrderStatus};
use boxoffice_contract::payments::{NewPayment, Paid};
use boxoffice_contract::{OrderId, PaymentId};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Timestamp, Unit, UserCx, log};
use http::header::LOCATION;
use http::{Method, StatusCode};

use crate::attempt::{self, Answer};
use crate::machine::State;
use crate::payment::Payment;
use crate::refusal::{Refusal, Result};
use crate::stripe::{self, Intent, Patience};
use crate::view::paid;
use crate::{SERVICE, mode, settle};

pub(crate) const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };

/// An answer that took longer than this, in seconds, may have come after the order's end.
const SLOW_SECONDS: i64 = 5;

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/payments", post(pay))
        .route("/api/payments/{id}/confirm", post(confirm))
}

/// Pay for an order
///
/// Authorizes the order's amount. The order completes a moment later. Only then is the money taken.
/// If the order has ended meanwhile, no money is taken.
///
/// A bank may ask the buyer to confirm the payment (3-D Secure). The answer is then 202 with
/// `status` `requires_action`. Pass `clientSecret` to Stripe.js (`handleNextAction`), or show
/// `nextAction.redirectUrl`. Then call `/api/payments/{id}/confirm`, or repeat the request with the
/// same Idempotency-Key. Meanwhile the hold is extended, once. To use another card, send a new
/// request; it cancels the waiting payment. If `status` is `processing`, ask again later.
#[utoipa::path(
    post, path = "/api/payments", tag = "payments", operation_id = "pay_order", request_body = NewPayment,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 201, description = "The money is set aside", body = Paid),
        (status = 202, description = "The buyer must act first (`requires_action`), or the result is not known yet (`processing`)", body = Paid),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 402, description = "Declined; `code` is Stripe's decline code. The hold stays", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This order does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The order has ended, is paid, or is being paid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider's answer is not known yet: do not pay again. Or no payments are taken (`payments_off`)", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many payments of the account, of the client or for the listing failed (`too_many_declines`)", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pay(
    cx: UserCx,
    idempotency: Idempotency,
    Valid(new_payment): Valid<NewPayment>,
) -> problem::Result<Response> {
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return Ok(replay);
    }
    let payment = find_or_start(&cx, &new_payment, &idempotency).await?;
    answer(&cx, conclude(&cx, payment).await?, &idempotency).await
}

/// Continue a payment
///
/// Call this after the buyer has acted on a 202 answer, or to read how a payment stands. The
/// answers are those of paying for an order.
#[utoipa::path(
    post, path = "/api/payments/{id}/confirm", tag = "payments", operation_id = "confirm_payment",
    params(
        ("id" = Uuid, Path, description = "The payment"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: a repeat of this request is safe even without it"),
    ),
    responses(
        (status = 201, description = "The money is set aside", body = Paid),
        (status = 202, description = "The buyer must still act, or the result is not known yet", body = Paid),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 402, description = "Declined; `code` is Stripe's decline code. The hold stays", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's payment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This payment does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The order ended; nobody was charged", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider's answer is not known yet: do not pay again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    cx: UserCx,
    Id(id): Id<PaymentId>,
    idempotency: Idempotency,
) -> problem::Result<Response> {
    let payment = own(&cx, id).await?;
    answer(&cx, conclude(&cx, payment).await?, &idempotency).await
}

/// Finds the payment `id`, which must be that of the user who asks.
async fn own(cx: &UserCx, id: PaymentId) -> Result<Payment> {
    let payment = Payment::one(Payment::find(id)).await?.ok_or(Refusal::NoSuchPayment)?;
    if payment.buyer_id == cx.user.id { Ok(payment) } else { Err(Refusal::NotBuyer) }
}

/// What a payment has come to.
enum Conclusion {
    /// The money is set aside, or even further.
    Authorized(Payment),
    /// The buyer has to do something, or everybody has to wait.
    Waiting(Payment, Option<Box<Intent>>),
}

/// Answers with how the payment stands. That somebody has to wait is not kept for repeats: the next
/// answer may be another.
async fn answer(
    cx: &UserCx,
    conclusion: Conclusion,
    idempotency: &Idempotency,
) -> problem::Result<Response> {
    match conclusion {
        Conclusion::Authorized(payment) => {
            let location = format!("/api/orders/{}", payment.order_id);
            let paid = paid(&payment, None);
            let work = async |_: &mut Unit<'_>| Result::Ok(Reply::created(&location, &paid)?);
            Ok(command::run(cx, &SERVICE, idempotency, work).await?)
        }
        Conclusion::Waiting(payment, intent) => {
            let paid = paid(&payment, intent.map(|intent| *intent));
            let location = [(LOCATION, location(&payment))];
            Ok((StatusCode::ACCEPTED, location, Json(paid)).into_response())
        }
    }
}

/// Finds out how `payment` stands, and does what follows.
async fn conclude(cx: &UserCx, payment: Payment) -> Result<Conclusion> {
    let is_repeat = matches!(payment.state, State::Declined | State::Open);
    let payment = match attempt::finish(cx, payment.clone(), Patience::Buyer).await? {
        Answer::Authorized(payment) => payment,
        Answer::Declined(payment) => return Err(declined(&payment, is_repeat).await?),
        Answer::Waiting(payment, intent) => return waiting(cx, &payment, intent).await,
        Answer::InProgress => return Err(Refusal::InProgress),
        // Nobody waits for what it was: it is given up whenever it is found.
        Answer::Unknown(cause) if payment.reload().await?.is_in_vain() => {
            let cx = cx.with("payment", payment.id);
            let what = "looking for a payment whose order has ended; a tick will try again";
            log::failed(&cx, what, &cause);
            return Err(Refusal::EndedUnknown);
        }
        Answer::Unknown(cause) => return Err(Refusal::Unknown(cause)),
    };
    if Timestamp::now() > payment.created_at.plus_seconds(SLOW_SECONDS) {
        look_after(cx, &payment).await?;
    }
    // The order may have ended before the money was there; then it is given up at once.
    let payment = settle::settle_latest(cx, &payment, Patience::Buyer).await?;
    if payment.is_given_up() {
        return Err(Refusal::Ended);
    }
    Ok(Conclusion::Authorized(payment))
}

/// The buyer has to do something, or everybody has to wait. The hold gets longer meanwhile, once.
async fn waiting(
    cx: &UserCx,
    payment: &Payment,
    intent: Option<Box<Intent>>,
) -> Result<Conclusion> {
    look_after(cx, payment).await?;
    let payment = settle::settle_latest(cx, payment, Patience::Buyer).await?;
    if payment.is_in_vain() {
        return Err(Refusal::Ended);
    }
    let path = format!("/internal/orders/{}/payment/extension", payment.order_id);
    if let Err(error) = ORDERS.send(Call::by(cx, Method::POST, &path), None::<&()>).await {
        let cx = cx.with("payment", payment.id);
        log::failed(&cx, "asking orders for more time; the hold stays as it is", &error);
    }
    Ok(Conclusion::Waiting(payment, intent))
}

/// Where to go on with a payment.
fn location(payment: &Payment) -> String {
    format!("/api/payments/{}/confirm", payment.id)
}

/// The attempt that this request has made before, or a new one.
async fn find_or_start(
    cx: &UserCx,
    new_payment: &NewPayment,
    idempotency: &Idempotency,
) -> Result<Payment> {
    if let Some(payment) = attempt::made_before(cx, idempotency).await? {
        return same(payment, new_payment);
    }
    let refusal = match start(cx, new_payment, idempotency).await {
        Ok(payment) => return Ok(payment),
        Err(refusal) => refusal,
    };
    // The same request may have come twice at once, and the other been first.
    match attempt::made_before(cx, idempotency).await? {
        Some(payment) => same(payment, new_payment),
        None => Err(refusal),
    }
}

/// Begins a new attempt.
async fn start(
    cx: &UserCx,
    new_payment: &NewPayment,
    idempotency: &Idempotency,
) -> Result<Payment> {
    mode::check().await.map_err(Refusal::TestPayments)?;
    let order = payable(cx, new_payment.order_id).await?;
    match attempt::begin(cx, &order, &new_payment.token, idempotency).await {
        Err(Refusal::InProgress) if gives_way(cx, order.id).await? => {
            attempt::begin(cx, &order, &new_payment.token, idempotency).await
        }
        outcome => outcome,
    }
}

/// Whether the order's live payment only waits for its buyer, and has been given up now.
async fn gives_way(cx: &UserCx, order_id: OrderId) -> Result<bool> {
    match Payment::one(attempt::live(order_id)).await? {
        Some(payment) => attempt::abandon(cx, &payment).await,
        None => Ok(false),
    }
}

/// The attempt that the same key has made, if it was for the same order and method.
fn same(payment: Payment, new_payment: &NewPayment) -> Result<Payment> {
    if payment.order_id == new_payment.order_id && payment.token == new_payment.token {
        return Ok(payment);
    }
    Err(Refusal::KeyReusedDifferently)
}

/// Tells `orders` that the user begins to pay, and asks what for.
async fn payable(cx: &UserCx, order_id: OrderId) -> Result<Order> {
    let path = format!("/internal/orders/{order_id}/payment");
    let order = ORDERS.ask(Call::by(cx, Method::POST, &path), None::<&()>).await?;
    order.ok_or(Refusal::NoSuchOrder)
}

/// Asks `orders` whether the order has ended without a sale: the event of it may be on its way.
async fn look_after(cx: &UserCx, payment: &Payment) -> Result<()> {
    let path = format!("/api/orders/{}", payment.order_id);
    let seen: Option<Order> = ORDERS.ask(Call::by(cx, Method::GET, &path), None::<&()>).await?;
    if let Some(order) = seen.filter(|order| order.status == OrderStatus::Cancelled) {
        settle::note(cx, order.id, OrderStatus::Cancelled, None, order.version).await?;
    }
    Ok(())
}

/// Says what the provider's refusal means for the buyer.
async fn declined(payment: &Payment, is_repeat: bool) -> Result<Refusal> {
    let code = payment.decline_code.as_deref().unwrap_or("card_declined");
    let advice = stripe::advice_on(code);
    let theirs = payment.decline_message.as_deref().filter(|message| !message.is_empty());
    let what = advice.what.or(theirs).unwrap_or("The card was declined.");
    let next = if attempt::was_last(payment).await? {
        "That was the last attempt: the hold has ended, and you were not charged".to_owned()
    } else {
        format!("Your hold stays; {}", advice.next)
    };
    Ok(Refusal::Declined { detail: format!("{what} {next}"), code: code.to_owned(), is_repeat })
}
