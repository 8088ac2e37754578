//! `/listings`: all that one sells.

use boxoffice_contract::TicketId;
use sycamore::prelude::*;

use crate::parts::{Ending, Row, empty, ending, heading, hidden, older, place, remaining, row};
use crate::shop::{Shop, dynamic};
use crate::state::{Card, Listing, Listings, Page, TicketStatus};

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
        let text = view! { "Tickets that you list appear here. You can see how many are sold." };
        return empty("You have not listed any tickets yet.", text);
    }
    let rows: Vec<View> = listings.into_iter().map(|listing| row_of(shop, listing)).collect();
    let next = older(next, "Older listings");
    view! {
        ul(class="rows", id="list", tabindex="-1") { (rows) }
        (next)
    }
}

fn called(sale: TicketStatus) -> (&'static str, &'static str) {
    match sale {
        TicketStatus::Open => ("For sale", "status good"),
        TicketStatus::Held => ("In someone's checkout", "status due"),
        TicketStatus::Sold => ("Sold", "status"),
        TicketStatus::Withdrawn => ("Withdrawn", "status"),
    }
}

fn row_of(shop: Shop, Listing { card, withdraw, resale }: Listing) -> View {
    let tools = match (resale, card.sale) {
        (false, _) => tools(shop, &card, withdraw.key),
        (true, TicketStatus::Open) => {
            let form = take_back(shop, card.id, withdraw.key);
            view! { div(class="resume") { (form) } }
        }
        (true, _) => View::new(),
    };
    row(Row {
        heading: heading(format!("/tickets/{}", card.id), card.title),
        ticket: card.id,
        sale: Some(card.sale),
        when: card.when,
        place: place(card.venue.as_deref(), card.city.as_deref()),
        aside: resale.then(|| "You sell this ticket on.".to_owned()),
        standing: called(card.sale),
        total: card.price,
        count: remaining(card.available, card.quantity).unwrap_or_default(),
        tools,
    })
}

fn tools(shop: Shop, card: &Card, key: String) -> View {
    let door = tool(format!("/door/{}", card.id), "Door", &card.title);
    let edit = || tool(format!("/tickets/{}/edit", card.id), "Edit", &card.title);
    let like = |label| tool(format!("/tickets/new?like={}", card.id), label, &card.title);
    let (edit, like, withdraw) = match card.sale {
        TicketStatus::Open | TicketStatus::Held => {
            (edit(), like("Duplicate"), withdraw(shop, card.id, key))
        }
        TicketStatus::Sold => (edit(), like("Duplicate"), View::new()),
        TicketStatus::Withdrawn => (View::new(), like("Relist"), View::new()),
    };
    view! { div(class="resume") { (door) (edit) (like) (withdraw) } }
}

fn tool(href: String, label: &'static str, title: &str) -> View {
    let name = format!("{label} {title}");
    view! { a(class="button quiet", href=href, aria-label=name) { (label) } }
}

/// The form that takes the listing `id` off sale; asks first where it can.
pub(crate) fn withdraw(shop: Shop, id: TicketId, key: String) -> View {
    let form = Ending {
        action: format!("/tickets/{id}/withdraw"),
        inside: hidden("key", key),
        button: ("Withdraw", "Withdrawing…"),
        question: [
            "Withdraw these tickets?",
            "They are taken off sale at once. Buyers who are checking out may still pay. You can \
             list the tickets again later.",
            "Withdraw",
        ],
    };
    ending(shop, form)
}

/// The same for the listing `id` by which one sells a ticket on.
pub(crate) fn take_back(shop: Shop, id: TicketId, key: String) -> View {
    let form = Ending {
        action: format!("/tickets/{id}/withdraw"),
        inside: hidden("key", key),
        button: ("Take it off sale", "Taking it off sale…"),
        question: [
            "Take this ticket off sale?",
            "You can enter with it again, or offer it again later.",
            "Take it off sale",
        ],
    };
    ending(shop, form)
}
