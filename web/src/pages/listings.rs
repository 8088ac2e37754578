//! `/listings`: all that one sells.

use sycamore::prelude::*;

use crate::parts::{Ending, art, ending, hidden, moment, older, place, remaining, status};
use crate::shop::{Shop, dynamic};
use crate::state::{Card, Listing, Listings, Page, Sale};

pub(crate) fn page(shop: Shop, first: Listings) -> View {
    let listings = shop.part(first, |page| match page {
        Page::Listings(listings) => Some(listings),
        _ => None,
    });
    let list = dynamic(move || list(shop, listings.get_clone()));
    view! {
        div(class="column") {
            div(class="headline") {
                h1(tabindex="-1") { "My listings" }
                div(class="actions") {
                    a(class="button quiet", href="/sales") { "Sales" }
                    a(class="button", href="/tickets/new") { "Sell tickets" }
                }
            }
            (list)
        }
    }
}

fn list(shop: Shop, Listings { listings, next }: Listings) -> View {
    if listings.is_empty() {
        return view! {
            div(class="empty") {
                h2 { "You sell nothing yet." }
                p { "Tickets that you list are shown here, with how their sale goes." }
            }
        };
    }
    let rows: Vec<View> = listings.into_iter().map(|listing| row(shop, listing)).collect();
    let next = older(next, "Older listings");
    view! {
        ul(class="rows") { (rows) }
        (next)
    }
}

fn called(sale: Sale) -> (&'static str, &'static str) {
    match sale {
        Sale::Open => ("For sale", "status good"),
        Sale::Held => ("In someone's checkout", "status due"),
        Sale::Sold => ("Sold", "status"),
        Sale::Withdrawn => ("Withdrawn", "status"),
    }
}

fn row(shop: Shop, Listing { card, withdraw }: Listing) -> View {
    let picture = art(&card.id);
    let href = format!("/tickets/{}", card.id);
    let tools = if matches!(card.sale, Sale::Open) {
        tools(shop, &card, withdraw.key)
    } else {
        View::new()
    };
    let Card { id, title, price, venue, city, when, sale, available, quantity, .. } = card;
    let (standing, class) = called(sale);
    let left = remaining(available, quantity).unwrap_or_default();
    let when = when.map(moment).map(|when| view! { p(class="when") { (when) } });
    let when = when.unwrap_or_default();
    let place = place(venue.as_deref(), city.as_deref());
    let place = place.map(|place| view! { p(class="where") { (place) } }).unwrap_or_default();
    view! {
        li(class="row", data-ticket=id, data-status=status(sale)) {
            (picture)
            div(class="body") {
                h2 { a(href=href) { (title) } }
                (when)
                (place)
            }
            div(class="end") {
                p(class=class) { (standing) }
                p(class="total") { (price) }
                p(class="small") { (left) }
            }
            (tools)
        }
    }
}

fn tools(shop: Shop, card: &Card, key: String) -> View {
    let edit = format!("/tickets/{}/edit", card.id);
    let name = format!("Edit {}", card.title);
    let withdraw = withdraw(shop, &card.id, key);
    view! {
        div(class="resume") {
            a(class="button quiet", href=edit, aria-label=name) { "Edit" }
            (withdraw)
        }
    }
}

/// The form that takes the listing `id` off sale; asks first where it can.
pub(crate) fn withdraw(shop: Shop, id: &str, key: String) -> View {
    let form = Ending {
        action: format!("/tickets/{id}/withdraw"),
        inside: hidden("key", key),
        button: ("Withdraw", "Withdrawing…"),
        question: [
            "Withdraw these tickets?",
            "They are taken off sale. You can list them again later.",
            "Withdraw",
        ],
    };
    ending(shop, form)
}
