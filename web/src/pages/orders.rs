//! `/orders`: all that one has ordered.

use sycamore::prelude::*;

use crate::parts::{art, moment, older, place, tickets, timer};
use crate::shop::{Shop, dynamic};
use crate::state::{Order, Orders, Page, Standing};

pub(crate) fn page(shop: Shop, first: Orders) -> View {
    let orders = shop.part(first, |page| match page {
        Page::Orders(orders) => Some(orders),
        _ => None,
    });
    let list = dynamic(move || list(shop, orders.get_clone()));
    view! {
        div(class="column") {
            h1(tabindex="-1") { "My orders" }
            (list)
        }
    }
}

fn list(shop: Shop, Orders { unpaid, orders, next }: Orders) -> View {
    if unpaid.is_empty() && orders.is_empty() {
        return view! {
            div(class="empty") {
                h2 { "No tickets yet." }
                p { a(class="button", href="/") { "Browse tickets" } }
            }
        };
    }
    let urgent = section(shop, "To be paid", unpaid);
    let rest = section(shop, "All orders", orders);
    let next = older(next, "Older orders");
    view! { (urgent) (rest) (next) }
}

fn section(shop: Shop, title: &'static str, orders: Vec<Order>) -> View {
    if orders.is_empty() {
        return View::new();
    }
    let rows: Vec<View> = orders.into_iter().map(|order| row(shop, order)).collect();
    view! {
        section(class="rows", aria-label=title) {
            h2 { (title) }
            ul { (rows) }
        }
    }
}

/// What people call where an order stands.
pub(crate) fn called(standing: Standing) -> &'static str {
    match standing {
        Standing::Unpaid | Standing::Asked => "Awaiting payment",
        Standing::Paying | Standing::Processing => "Checking payment",
        Standing::Paid => "Paid",
        Standing::Expired => "Expired",
        Standing::Cancelled => "Cancelled",
        Standing::Declined => "Declined",
        Standing::Refunded => "Refunded",
        Standing::Unclear => "Not known yet",
    }
}

fn row(shop: Shop, order: Order) -> View {
    let picture = art(&order.ticket);
    let href = format!("/orders/{}", order.id);
    let status = called(order.standing);
    let class = match order.standing {
        Standing::Paid => "status good",
        standing if standing.is_unpaid() || standing.is_paying() => "status due",
        _ => "status",
    };
    let resume = if order.standing.is_unpaid() { resume(shop, &order) } else { View::new() };
    let Order { number, title, venue, city, when, quantity, total, made, .. } = order;
    let when = when.map(moment).map(|when| view! { p(class="when") { (when) } });
    let when = when.unwrap_or_default();
    let place = place(venue.as_deref(), city.as_deref());
    let place = place.map(|place| view! { p(class="where") { (place) } }).unwrap_or_default();
    let count = tickets(quantity);
    view! {
        li(class="row") {
            (picture)
            div(class="body") {
                h3 { a(href=href) { (title) } }
                (when)
                (place)
                p(class="small") { "Order " (number) ", " (made.date) }
            }
            div(class="end") {
                p(class=class) { (status) }
                p(class="total") { (total) }
                p(class="small") { (count) }
            }
            (resume)
        }
    }
}

fn resume(shop: Shop, order: &Order) -> View {
    let timer = timer(shop, order.expires_at);
    let href = format!("/orders/{}/checkout", order.id);
    let name = format!("Resume payment for {}", order.title);
    view! {
        div(class="resume") {
            p { "Held for " (timer) }
            a(class="button", href=href, aria-label=name) { "Resume payment" }
        }
    }
}
