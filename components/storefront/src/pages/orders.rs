//! `/orders`: the tickets that one has, and all that one has ordered.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{self, Orders, Page};
use futures::future::join;
use http::Uri;

use super::entrance::sign_in_first;
use crate::answer::{self, Keep};
use crate::services::{admissions, escaped, orders, payments};
use crate::show::{going, order};
use crate::visitor::Visit;

const ADDRESS: &str = "/orders";

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(list))
}

async fn list(visit: Visit, uri: Uri) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let cursor = cursor_of(&uri);
    let (page, held) =
        join(orders::list(&visit, cursor.as_deref()), admissions::upcoming(&visit)).await;
    let page = page?;
    let payments = payments::of(&visit, &page.items).await;
    let shown = page.items.iter().map(|one| state::Order {
        admission: held.iter().find(|it| it.order_id == one.id).map(|it| it.id),
        ..order(one, &payments, &visit)
    });
    // What waits to be paid is at most as old as a hold lasts: it is on the first page.
    let is_unpaid = |one: &state::Order| {
        cursor.is_none() && (one.standing.is_unpaid() || one.standing.is_paying())
    };
    let (unpaid, orders) = shown.partition(is_unpaid);
    let next = page.next_cursor.map(|cursor| format!("{ADDRESS}?cursor={}", escaped(&cursor)));
    let going = if cursor.is_none() { going(&held, &visit) } else { Vec::new() };
    let state = visit.state("My tickets", "", Page::Orders(Orders { unpaid, going, orders, next }));
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

/// Where a list's page begins, as its address says.
pub(crate) fn cursor_of(uri: &Uri) -> Option<String> {
    parameter(uri, "cursor")
}

/// What an address says in its query under `wanted`.
pub(crate) fn parameter(uri: &Uri, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
}
