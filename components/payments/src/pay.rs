//! `POST /api/payments` pays for an order; `POST /api/payments/{id}/confirm` goes on with a payment.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use boxoffice_kernel::command::{Idempotency, REPLAYED, Reply};
use boxoffice_kernel::events::contract::OrderStatus;
use boxoffice_kernel::http::serve::RequestId;
use boxoffice_kernel::http::{Id, Valid, is_given};
use boxoffice_kernel::identity::User;
use boxoffice_kernel::old as command;
use boxoffice_kernel::old::Call;
use boxoffice_kernel::old::log;
use boxoffice_kernel::peer::Peer;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Problem, Timestamp, Trace};
use garde::Validate;
use http::header::LOCATION;
use http::{Method, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::attempt::{self, Answer, PAYMENT_PENDING};
use crate::machine::State;
use crate::payment::Payment;
use crate::stripe::{self, Intent, Patience};
use crate::view::Paid;
use crate::{SERVICE, settle};

const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };

/// An answer that took longer than this, in seconds, may have come after the order's end.
const SLOW_SECONDS: i64 = 5;

/// A payment for an order.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "orderId": "01980f3c-0000-7000-8000-000000000000", "token": "pm_card_visa"
}))]
pub(crate) struct NewPayment {
    /// The order.
    #[garde(custom(is_given("Give the id of an order")))]
    order_id: Uuid,
    /// A Stripe payment method (`pm_…`), or an older Stripe token (`tok_…`).
    #[garde(custom(is_token))]
    token: String,
}

impl Default for NewPayment {
    fn default() -> Self {
        Self { order_id: Uuid::nil(), token: String::new() }
    }
}

fn is_token(token: &str, _: &()) -> garde::Result {
    let known = token.starts_with("pm_") || token.starts_with("tok_");
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if known && plain && token.len() <= 255 {
        return Ok(());
    }
    Err(garde::Error::new("Give a Stripe payment method (pm_…) or a Stripe token (tok_…)"))
}

/// What `orders` says of the order that is to be paid.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payable {
    pub(crate) id: Uuid,
    /// Unknown of orders that an older version has made.
    pub(crate) seller_id: Option<Uuid>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) quantity: i64,
    pub(crate) ticket: PayableTicket,
}

/// What the order is for.
#[derive(Debug, Deserialize)]
pub(crate) struct PayableTicket {
    pub(crate) id: Uuid,
    pub(crate) title: String,
}

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
        (status = 503, description = "The provider's answer is not known yet: do not pay again", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pay(
    user: User,
    idempotency: Idempotency,
    trace: Trace,
    Extension(request_id): Extension<RequestId>,
    Valid(new_payment): Valid<NewPayment>,
) -> Result<Response> {
    let caller = user.id.to_string();
    if let Some(replay) = command::replay(&SERVICE, &caller, &idempotency).await? {
        return Ok(replay);
    }
    let payment = find_or_start(&user, &new_payment, &idempotency, trace, &request_id).await?;
    conclude(&user, payment, &idempotency, trace, &request_id).await
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
    user: User,
    Id(id): Id,
    idempotency: Idempotency,
    trace: Trace,
    Extension(request_id): Extension<RequestId>,
) -> Result<Response> {
    let payment = Payment::find(id).await?;
    let payment = payment.ok_or_else(|| Problem::not_found("This payment does not exist"))?;
    if payment.buyer_id != user.id {
        return Err(Problem::forbidden("This is somebody else's payment"));
    }
    conclude(&user, payment, &idempotency, trace, &request_id).await
}

/// Finds out how `payment` stands, does what follows, and answers.
async fn conclude(
    user: &User,
    payment: Payment,
    idempotency: &Idempotency,
    trace: Trace,
    request_id: &RequestId,
) -> Result<Response> {
    let repeated = matches!(payment.state, State::Declined | State::Open);
    let payment = match attempt::finish(payment.clone(), Patience::Buyer, trace).await? {
        Answer::Authorized(payment) => payment,
        Answer::Declined(payment) => {
            let refusal = declined(&payment).await?;
            return Err(if repeated { refusal.with_header(REPLAYED, "true") } else { refusal });
        }
        Answer::Waiting(payment, intent) => {
            return waiting(user, &payment, intent, trace, request_id).await;
        }
        Answer::InProgress => return Err(attempt::in_progress()),
        // Nobody waits for what it was: it is given up whenever it is found.
        Answer::Unknown(cause) if payment.reload().await?.is_in_vain() => {
            log::failed(
                "looking for a payment whose order has ended; a tick will try again",
                &cause,
            );
            let detail = "Your hold ended. If anything was charged, it is given back";
            return Err(Problem::conflict(detail, "ended"));
        }
        Answer::Unknown(cause) => {
            let detail = "We're checking your payment. Don't pay again";
            return Err(Problem::unavailable(detail, 5, cause).with_code(PAYMENT_PENDING));
        }
    };
    if Timestamp::now() > payment.created_at.plus_seconds(SLOW_SECONDS) {
        look_after(user, &payment, request_id).await?;
    }
    // The order may have ended before the money was there; then it is given up at once.
    let payment = settle::settle_latest(&payment, Patience::Buyer, trace).await?;
    if payment.is_given_up() {
        return Err(ended());
    }
    let caller = user.id.to_string();
    let location = format!("/api/orders/{}", payment.order_id);
    let paid = Paid::new(&payment, None);
    command::run(&SERVICE, &caller, trace, idempotency, async |_| {
        Ok(Reply::created(&location, &paid)?)
    })
    .await
}

fn ended() -> Problem {
    Problem::conflict("Your hold ended. You were not charged", "ended")
}

/// The buyer has to do something, or everybody has to wait. The hold gets longer meanwhile, once.
/// This answer is not kept for repeats: the next one may be another.
async fn waiting(
    user: &User,
    payment: &Payment,
    intent: Option<Box<Intent>>,
    trace: Trace,
    request_id: &RequestId,
) -> Result<Response> {
    look_after(user, payment, request_id).await?;
    let payment = settle::settle_latest(payment, Patience::Buyer, trace).await?;
    if payment.is_in_vain() {
        return Err(ended());
    }
    let path = format!("/internal/orders/{}/payment/extension", payment.order_id);
    let call = Call::by(user, Method::POST, &path, request_id);
    if let Err(error) = ORDERS.send(call, None::<&()>).await {
        log::failed("asking orders for more time; the hold stays as it is", &error);
    }
    let paid = Paid::new(&payment, intent.map(|intent| *intent));
    Ok((StatusCode::ACCEPTED, [(LOCATION, location(&payment))], Json(paid)).into_response())
}

/// Where to go on with a payment.
fn location(payment: &Payment) -> String {
    format!("/api/payments/{}/confirm", payment.id)
}

/// The attempt that this request has made before, or a new one.
async fn find_or_start(
    user: &User,
    new_payment: &NewPayment,
    idempotency: &Idempotency,
    trace: Trace,
    request_id: &RequestId,
) -> Result<Payment> {
    if let Some(payment) = attempt::made_before(user.id, idempotency).await? {
        return same(payment, new_payment);
    }
    let problem = match start(user, new_payment, idempotency, trace, request_id).await {
        Ok(payment) => return Ok(payment),
        Err(problem) => problem,
    };
    // The same request may have come twice at once, and the other been first.
    match attempt::made_before(user.id, idempotency).await? {
        Some(payment) => same(payment, new_payment),
        None => Err(problem),
    }
}

/// Begins a new attempt.
async fn start(
    user: &User,
    new_payment: &NewPayment,
    idempotency: &Idempotency,
    trace: Trace,
    request_id: &RequestId,
) -> Result<Payment> {
    let order = payable(user, new_payment.order_id, request_id).await?;
    match attempt::begin(user.id, &order, &new_payment.token, idempotency).await {
        Err(problem)
            if problem.code() == Some(PAYMENT_PENDING) && gives_way(order.id, trace).await? =>
        {
            attempt::begin(user.id, &order, &new_payment.token, idempotency).await
        }
        outcome => outcome,
    }
}

/// Whether the order's live payment only waits for its buyer, and has been given up now.
async fn gives_way(order_id: Uuid, trace: Trace) -> Result<bool> {
    match attempt::live(order_id).await? {
        Some(payment) => attempt::abandon(&payment, trace).await,
        None => Ok(false),
    }
}

/// The attempt that the same key has made, if it was for the same order and method.
fn same(payment: Payment, new_payment: &NewPayment) -> Result<Payment> {
    if payment.order_id == new_payment.order_id && payment.token == new_payment.token {
        return Ok(payment);
    }
    Err(Problem::conflict(
        "This Idempotency-Key was used for another payment; use a new one for each",
        "idempotency_key_reused",
    ))
}

/// Tells `orders` that `user` begins to pay, and asks what for.
async fn payable(user: &User, order_id: Uuid, request_id: &RequestId) -> Result<Payable> {
    let path = format!("/internal/orders/{order_id}/payment");
    let call = Call::by(user, Method::POST, &path, request_id);
    let order = ORDERS.ask(call, None::<&()>).await?;
    order.ok_or_else(|| Problem::not_found("This order does not exist"))
}

/// Asks `orders` whether the order has ended without a sale: the event of it may be on its way.
async fn look_after(user: &User, payment: &Payment, request_id: &RequestId) -> Result<()> {
    #[derive(Deserialize)]
    struct Seen {
        status: OrderStatus,
        version: i64,
    }
    let path = format!("/api/orders/{}", payment.order_id);
    let call = Call::by(user, Method::GET, &path, request_id);
    let seen: Option<Seen> = ORDERS.ask(call, None::<&()>).await?;
    if let Some(Seen { status: status @ OrderStatus::Cancelled, version }) = seen {
        settle::note(payment.order_id, status, None, version).await?;
    }
    Ok(())
}

async fn declined(payment: &Payment) -> Result<Problem> {
    let code = payment.decline_code.as_deref().unwrap_or("card_declined");
    let advice = stripe::advice_on(code);
    let theirs = payment.decline_message.as_deref().filter(|message| !message.is_empty());
    let what = advice.what.or(theirs).unwrap_or("The card was declined.");
    let next = if attempt::was_last(payment).await? {
        "That was the last attempt: the hold has ended, and you were not charged".to_owned()
    } else {
        format!("Your hold stays; {}", advice.next)
    };
    Ok(Problem::declined(format!("{what} {next}"), code))
}
