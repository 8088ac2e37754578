//! `/orders/{id}/bank` leads to the bank that wants to know who pays (3-D Secure), and
//! `/orders/{id}/return` is where the bank sends the visitor afterwards.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::OrderId;
use boxoffice_contract::payments::{Payment, PaymentStatus};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, config, log};
use http::{Method, StatusCode, Uri};

use super::completion::{CHECKING, completed};
use super::entrance::sign_in_first;
use crate::answer;
use crate::services::{Change, PAYMENTS, payments};
use crate::visitor::Visit;

/// What a checkout's address says after the bank was asked. What came of that is asked for by the
/// page itself, so that the address says nothing that somebody else could make up.
const ASKED: &str = "after=bank";
/// What is said where the bank's question cannot be shown.
const NO_PAGE: &str =
    "Your bank's page cannot be shown here. You were not charged: use another card.";

pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}/bank", get(leave)).route("/orders/{id}/return", get(back))
}

async fn leave(visit: Visit, Id(id): Id<OrderId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &format!("/orders/{id}/checkout")).await;
    }
    match progress(&visit, id).await? {
        Progress::Asked(page) => Ok(answer::go(&visit, &page, None).await?),
        Progress::Settled | Progress::Refused(_) => after(&visit, id).await,
    }
}

/// What the bank and the provider have added to the address is of no use: the provider is asked.
async fn back(visit: Visit, Id(id): Id<OrderId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &format!("/orders/{id}/return")).await;
    }
    after(&visit, id).await
}

async fn after(visit: &Visit, id: OrderId) -> Result<Response> {
    Ok(answer::go(visit, &format!("/orders/{id}/checkout?{ASKED}"), None).await?)
}

/// Whether the bank was asked before `uri`, a checkout's.
pub(crate) fn was_asked(uri: &Uri) -> bool {
    uri.query() == Some(ASKED)
}

/// How a payment goes on.
pub(crate) enum Progress {
    /// The bank wants to see the visitor here.
    Asked(String),
    /// It was not paid, or nobody knows: what to say.
    Refused(String),
    /// The order's page says.
    Settled,
}

/// Has `payments` go on with the newest payment for the order `id`.
///
/// # Errors
/// 403 if it is somebody else's; 503 where nobody knows which it is.
pub(crate) async fn progress(visit: &Visit, id: OrderId) -> Result<Progress> {
    let Some(payment) = payments::newest(visit, id).await? else {
        return Ok(Progress::Settled);
    };
    let path = format!("/api/payments/{}/confirm", payment.id);
    let change = Change::new(Method::POST, &path, "");
    match visit.change(&PAYMENTS, change, None::<&()>).await {
        Ok(Ok(answer)) => went_on(visit, payments::read(&answer)?).await,
        Ok(Err(refusal)) if refusal.status == StatusCode::PAYMENT_REQUIRED => {
            Ok(Progress::Refused(refusal.detail))
        }
        Ok(Err(refusal))
            if refusal.status.is_server_error() || refusal.code == "payment_pending" =>
        {
            Ok(Progress::Refused(CHECKING.to_owned()))
        }
        Ok(Err(refusal)) if refusal.status == StatusCode::CONFLICT => Ok(Progress::Settled),
        Ok(Err(refusal)) => Err(refusal.into_problem()),
        Err(error) => {
            log::failed(&visit.cx, "going on with a payment", &error);
            Ok(Progress::Refused(CHECKING.to_owned()))
        }
    }
}

async fn went_on(visit: &Visit, payment: Payment) -> Result<Progress, Problem> {
    if payment.status != PaymentStatus::RequiresAction {
        completed(visit, &payment).await;
        return Ok(Progress::Settled);
    }
    let page = payment.next_action.and_then(|action| action.redirect_url).unwrap_or_default();
    let sandbox = config::variable("stripe_api_base").await?;
    if is_bank(&page, &sandbox) {
        return Ok(Progress::Asked(page));
    }
    // Not the address itself: it may hold what lets others act for the buyer.
    log::noted(&visit.cx, "a bank's page cannot be shown", format!("of payment {}", payment.id));
    Ok(Progress::Refused(NO_PAGE.to_owned()))
}

/// Whether `page` may be a bank's: it is served by TLS, or by `sandbox`.
fn is_bank(page: &str, sandbox: &str) -> bool {
    let origin = |url: &str| {
        let parts = url.parse::<Uri>().ok()?.into_parts();
        Some((parts.scheme?, parts.authority?))
    };
    origin(page).is_some_and(|found| {
        found.0 == http::uri::Scheme::HTTPS || origin(sandbox).is_some_and(|known| known == found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banks_page_is_a_safe_one_or_the_sandboxs() {
        let sandbox = "http://127.0.0.1:12111/";
        for page in
            ["https://hooks.stripe.com/3d_secure?x=1", "http://127.0.0.1:12111/sandbox/3ds/1"]
        {
            assert!(is_bank(page, sandbox), "{page}");
        }
        for page in [
            "",
            "/sandbox/3ds/1",
            "//hooks.stripe.com/",
            "http://hooks.stripe.com/",
            "http://127.0.0.1:12112/sandbox/3ds/1",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert!(!is_bank(page, sandbox), "{page}");
        }
    }
}
