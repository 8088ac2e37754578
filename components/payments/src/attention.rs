//! `DELETE /api/payments/{id}/attention`: takes a payment from what operators have to look at.

use axum::Router;
use axum::response::Response;
use axum::routing::delete;
use boxoffice_contract::PaymentId;
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::Read;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Unit, UserCx, log};

use crate::SERVICE;
use crate::payment::Payment;
use crate::refund::is_operator;
use crate::refusal::{Refusal, Result};

pub(crate) fn route() -> Router {
    Router::new().route("/api/payments/{id}/attention", delete(dismiss))
}

/// Dismiss a payment that needed an operator
///
/// For operators (role `operator`), once they have dealt with it: some things, such as a lost
/// dispute, do not come right by themselves. The audit no longer lists the payment. What happens to it
/// later is put before operators again. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/payments/{id}/attention", tag = "payments", operation_id = "dismiss_payment",
    params(
        ("id" = Uuid, Path, description = "The payment"),
        ("Idempotency-Key" = Option<String>, Header, description = "Optional: a repeat of this request is safe even without it"),
    ),
    responses(
        (status = 204, description = "The payment needs nobody any more"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an operator, or one who must first confirm by a second factor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This payment does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn dismiss(
    cx: UserCx,
    Id(id): Id<PaymentId>,
    idempotency: Idempotency,
) -> problem::Result<Response> {
    if !is_operator(&cx).await? {
        return Err(Refusal::NotOperator.into());
    }
    cx.confirmed_by_factor()?;
    let work = async |unit: &mut Unit<'_>| -> Result<Reply> {
        let payment: Option<Payment> = unit.read(Payment::find(id)).await?;
        let payment = payment.ok_or(Refusal::NoSuchPayment)?;
        unit.change::<()>(payment.needing_no_attention()).await?;
        Ok(Reply::no_content())
    };
    let answer = command::run(&cx, &SERVICE, &idempotency, work).await?;
    log::noted(&cx.with("payment", id), "an operator dismissed a payment", cx.user.id);
    Ok(answer)
}
