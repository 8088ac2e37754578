//! `/orders/{id}`: what has become of an order.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::Order;
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{self, Outcome, Page, Standing};

use super::entrance::sign_in_first;
use crate::answer::{self, Keep};
use crate::services::{admissions, orders, payments};
use crate::show;
use crate::visitor::Visit;

pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}", get(outcome))
}

async fn outcome(visit: Visit, Id(id): Id<OrderId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let (order, shown) = find(&visit, id).await?;
    let title = match shown.standing {
        Standing::Paid => "Your tickets",
        standing if standing.is_paying() => "Checking your payment",
        _ => "Your order",
    };
    let admissions = match shown.standing {
        Standing::Paid => admissions::of_order(&visit, id).await,
        _ => None,
    };
    let admissions = admissions.map(|held| held.iter().map(show::admission).collect());
    let page = Outcome { again: show::again(&order), order: shown, admissions };
    let state = visit.state(title, "", Page::Order(page));
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

/// The visitor's order `id`, as it is and as it is shown.
///
/// # Errors
/// 404 if there is none, 403 if it is somebody else's.
pub(crate) async fn find(visit: &Visit, id: OrderId) -> Result<(Order, state::Order)> {
    let order = orders::find(visit, id).await?;
    let order = order.ok_or_else(|| Problem::not_found("This order does not exist"))?;
    let payments = payments::of(visit, std::slice::from_ref(&order)).await;
    let shown = show::order(&order, &payments, visit);
    Ok((order, shown))
}
