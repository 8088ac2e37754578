//! `/listings`: all that one sells.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::tickets::Ticket;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::{Listing, Listings, Page, State};
use http::Uri;

use super::entrance::sign_in_first;
use super::orders::cursor_of;
use crate::answer::{self, Keep};
use crate::form::blank;
use crate::services::{escaped, tickets};
use crate::show::card;
use crate::visitor::Visit;

pub(crate) const ADDRESS: &str = "/listings";

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESS, get(listings))
}

async fn listings(visit: Visit, uri: Uri) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let state = load(&visit, cursor_of(&uri).as_deref()).await?;
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

/// The page of the visitor's listings, from `cursor` on.
///
/// # Errors
/// When `tickets` does not answer.
pub(crate) async fn load(visit: &Visit, cursor: Option<&str>) -> Result<State> {
    let seller = visit.user.as_ref().map(|user| user.id.to_string()).unwrap_or_default();
    let mut filters = vec![("sellerId", seller.as_str())];
    filters.extend(cursor.map(|cursor| ("cursor", cursor)));
    let page = tickets::list(visit, &filters).await?;
    let listing = |ticket: &Ticket| Listing {
        card: card(ticket, visit),
        withdraw: blank(),
        resale: ticket.resale_of.is_some(),
    };
    let listings = Listings {
        listings: page.items.iter().map(listing).collect(),
        next: page.next_cursor.map(|cursor| format!("{ADDRESS}?cursor={}", escaped(&cursor))),
    };
    let here = match cursor {
        Some(cursor) => format!("{ADDRESS}?cursor={}", escaped(cursor)),
        None => ADDRESS.to_owned(),
    };
    Ok(State { here, ..visit.state("My listings", "", Page::Listings(listings)) })
}
