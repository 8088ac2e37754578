//! An order as the ticket that it is about.

use sycamore::prelude::*;

use super::listing::{art, line, place, when};
use crate::state::Order;

/// A ticket with what an order says of it: event, place, number of tickets, total.
pub(crate) fn stub(order: Order) -> View {
    let Order { ticket, title, venue, city, when, quantity, price, total, number, changed, .. } =
        order;
    let picture = art(ticket);
    let href = format!("/tickets/{ticket}");
    let place = line("where", place(venue.as_deref(), city.as_deref()));
    let when = self::when(when);
    let count = fact("Tickets", format!("{quantity} × {price}"));
    let total = fact("Total", total);
    let number = fact("Order", number);
    let changed = changed.map(|changed| view! { p(class="notice") { (changed) } });
    let changed = changed.unwrap_or_default();
    view! {
        (changed)
        div(class="ticket stub") {
            (picture)
            div(class="body") {
                h2 { a(href=href) { (title) } }
                (when)
                (place)
            }
            dl(class="tear") { (count) (total) (number) }
        }
    }
}

/// A number of tickets.
pub(crate) fn tickets(quantity: i64) -> String {
    if quantity == 1 { "1 ticket".to_owned() } else { format!("{quantity} tickets") }
}

/// A line of a list of facts.
pub(crate) fn fact(label: &'static str, value: String) -> View {
    view! {
        div(class="fact") {
            dt { (label) }
            dd { (value) }
        }
    }
}
