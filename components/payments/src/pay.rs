//! `POST /api/payments`: pays for an order.

use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use boxoffice_common::command::{self, Idempotency, REPLAYED, Reply};
use boxoffice_common::events::contract::OrderStatus;
use boxoffice_common::http::serve::RequestId;
use boxoffice_common::http::{Valid, is_given};
use boxoffice_common::identity::User;
use boxoffice_common::peer::{Call, Peer};
use boxoffice_common::problem::{ProblemBody, Result};
use boxoffice_common::{Problem, Timestamp, log};
use garde::Validate;
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::attempt::{self, Answer};
use crate::payment::{Payment, Status};
use crate::stripe::Patience;
use crate::{SERVICE, settle};

const ORDERS: Peer = Peer { name: "orders", base_url: "orders_base_url" };

/// An answer that took longer than this, in seconds, may have come after the order's end.
const SLOW_SECONDS: i64 = 5;

/// How an order is to be paid.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "orderId": "01980f3c-0000-7000-8000-000000000000", "token": "pm_card_visa"
}))]
pub(crate) struct NewPayment {
    /// The order.
    #[garde(custom(is_given("Say which order, by its id")))]
    order_id: Uuid,
    /// A payment method of Stripe's (`pm_…`), or a token of its older kind (`tok_…`).
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
    Err(garde::Error::new("Give a payment method of Stripe's (pm_…) or one of its tokens (tok_…)"))
}

/// What `orders` says of the order that is to be paid.
#[derive(Debug, Deserialize)]
pub(crate) struct Payable {
    pub(crate) id: Uuid,
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

/// The answer to a payment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Paid {
    payment: Payment,
}

pub(crate) fn route() -> Router {
    Router::new().route("/api/payments", post(pay))
}

/// Pay for an order
///
/// Authorizes the order's amount. The order completes a moment later, and only then is the money
/// taken; should the order have ended meanwhile, it is not.
#[utoipa::path(
    post, path = "/api/payments", tag = "payments", operation_id = "pay_order", request_body = NewPayment,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat harmless")),
    responses(
        (status = 201, description = "The money is set aside", body = Paid),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 402, description = "Declined; `code` is Stripe's decline code. The hold stays", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Ended, paid already, or being paid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The provider's answer is not known yet: do not pay again", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pay(
    user: User,
    idempotency: Idempotency,
    Extension(request_id): Extension<RequestId>,
    Valid(wish): Valid<NewPayment>,
) -> Result<Response> {
    let caller = user.id.to_string();
    if let Some(replay) = command::replay(&SERVICE, &caller, &idempotency).await? {
        return Ok(replay);
    }
    let payment = find_or_start(&user, &wish, &idempotency, &request_id).await?;
    let repeated = payment.status == Status::Declined;
    let payment = match attempt::finish(payment, Patience::Buyer).await? {
        Answer::Authorized(payment) => payment,
        Answer::Declined(payment) => {
            let refusal = declined(&payment).await?;
            return Err(if repeated { refusal.with_header(REPLAYED, "true") } else { refusal });
        }
        Answer::UnderWay => return Err(attempt::under_way()),
        Answer::Unknown(cause) => {
            let detail = "We're checking your payment. Don't pay again";
            return Err(Problem::unavailable(detail, 5, cause).with_code("payment_pending"));
        }
    };
    if Timestamp::now() > payment.created_at.plus_seconds(SLOW_SECONDS) {
        look_after(&user, &payment, &request_id).await?;
    }
    // The order may have ended before the money was there; then it is given up at once.
    if let Err(error) = settle::settle(&payment, Patience::Buyer).await {
        log::failed("settling a payment; a tick will try again", &error);
    }
    command::run(&SERVICE, &caller, &idempotency, async |_| {
        let payment = Payment::find(payment.id).await?.unwrap_or(payment);
        if settle::is_given_up(&payment).await? {
            return Err(Problem::conflict("Your hold ended. You were not charged", "ended"));
        }
        let location = format!("/api/orders/{}", payment.order_id);
        Ok(Reply::created(&location, &Paid { payment })?)
    })
    .await
}

/// The attempt that this request has made before, or a new one.
async fn find_or_start(
    user: &User,
    wish: &NewPayment,
    idempotency: &Idempotency,
    request_id: &RequestId,
) -> Result<Payment> {
    if let Some(payment) = attempt::made_before(user.id, idempotency).await? {
        return same(payment, wish);
    }
    let problem = match start(user, wish, idempotency, request_id).await {
        Ok(payment) => return Ok(payment),
        Err(problem) => problem,
    };
    // The same request may have come twice at once, and the other been first.
    match attempt::made_before(user.id, idempotency).await? {
        Some(payment) => same(payment, wish),
        None => Err(problem),
    }
}

/// Begins a new attempt.
async fn start(
    user: &User,
    wish: &NewPayment,
    idempotency: &Idempotency,
    request_id: &RequestId,
) -> Result<Payment> {
    let order = payable(user, wish.order_id, request_id).await?;
    attempt::begin(user.id, &order, &wish.token, idempotency).await
}

/// The attempt that the same key has made, if it was for the same order and method.
fn same(payment: Payment, wish: &NewPayment) -> Result<Payment> {
    if payment.order_id == wish.order_id && payment.token == wish.token {
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
    order.ok_or_else(|| Problem::not_found("There is no such order"))
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
    let message = payment.decline_message.as_deref().unwrap_or("The card was declined");
    let code = payment.decline_code.as_deref().unwrap_or("card_declined");
    let next = if attempt::was_last(payment).await? {
        "That was the last attempt: the hold has ended, and you were not charged"
    } else {
        "Your hold stays; try another card"
    };
    Ok(Problem::declined(format!("{message} {next}"), code))
}
