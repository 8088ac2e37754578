//! `/orders/{id}`: what has become of an order.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::OrderId;
use boxoffice_contract::orders::Order;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp};
use boxoffice_web::state::{self, Outcome, Page, Standing, State};
use http::header::SET_COOKIE;

use super::entrance::sign_in_first;
use crate::answer::{self, Keep};
use crate::form::blank;
use crate::services::{admissions, orders, payments};
use crate::visitor::Visit;
use crate::{held, show};

pub(crate) fn route() -> Router {
    Router::new().route("/orders/{id}", get(outcome))
}

async fn outcome(visit: Visit, Id(id): Id<OrderId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let mut state = load(&visit, id).await?;
    let was_held = visit.held.as_ref().is_some_and(|held| held.order == id);
    if !was_held || is_unpaid(&state) {
        return Ok(answer::show(&visit, state, Keep::Never).await?);
    }
    // It is held no more, and no page leads back to paying for it.
    state.held = None;
    let mut page = answer::show(&visit, state, Keep::Never).await?;
    page.headers_mut().append(SET_COOKIE, held::forget().await?);
    Ok(page)
}

/// Tells whether the order that is shown still waits to be paid.
fn is_unpaid(state: &State) -> bool {
    matches!(&state.page, Page::Order(outcome) if outcome.order.standing.is_unpaid())
}

/// The page of the visitor's order `id`.
///
/// # Errors
/// As of [`find`].
pub(crate) async fn load(visit: &Visit, id: OrderId) -> Result<State> {
    let (order, shown) = find(visit, id).await?;
    let title = match shown.standing {
        Standing::Paid => "Your tickets",
        standing if standing.is_paying() => "Checking your payment",
        _ => "Your order",
    };
    let admissions = match shown.standing {
        Standing::Paid => admissions::of_order(visit, id).await,
        _ => None,
    };
    let admissions = admissions.map(|held| held.iter().map(show::admission).collect());
    let give_back = can_be_given_back(&order).then(blank);
    let page = Outcome { again: show::again(&order), order: shown, admissions, give_back };
    Ok(visit.state(title, "", Page::Order(page)))
}

/// Whether the buyer may have the money back, because the seller has changed the event.
fn can_be_given_back(order: &Order) -> bool {
    let until = order.changed.as_ref().and_then(|changed| changed.refundable_until);
    until.is_some_and(|until| until > Timestamp::now())
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
