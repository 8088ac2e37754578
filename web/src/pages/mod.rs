//! The pages.

mod browse;
mod checkout;
mod entrance;
mod listings;
mod lost;
mod order;
mod orders;
mod sell;
mod ticket;

use sycamore::prelude::*;

use crate::app::identity;
use crate::shop::{Shop, dynamic, watch};
use crate::state::{Drawn, Page};

/// The page of the shop's state: drawn anew when another one is to be seen, and otherwise changed
/// in place by its own doing.
pub(crate) fn page(shop: Shop) -> View {
    // A selector: a page that only changes must not be drawn anew.
    let shown = watch(move || shop.state.with(|state| identity(&state.page)));
    dynamic(move || {
        shown.track();
        match shop.state.with_untracked(|state| state.page.clone()) {
            Page::Browse(browse) => browse::page(shop, browse),
            Page::Ticket(detail) => ticket::page(shop, detail),
            Page::SignIn(entrance) => entrance::sign_in(shop, entrance),
            Page::SignUp(entrance) => entrance::sign_up(shop, entrance),
            Page::Sell(sell) => sell::page(shop, sell),
            Page::Checkout(checkout) => checkout::page(shop, checkout),
            Page::Order(outcome) => order::page(shop, outcome),
            Page::Orders(orders) => orders::page(shop, orders),
            Page::Listings(listings) => listings::page(shop, listings),
            Page::Drawn(Drawn { html, .. }) => view! { div(dangerously_set_inner_html=html) {} },
            Page::Missing(missing) => lost::missing(missing),
            Page::Failed(failed) => lost::failed(failed),
        }
    })
}
