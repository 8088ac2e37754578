//! `/orders`: all that one has ordered.

use sycamore::prelude::*;

use crate::parts::{Row, empty, older, place, row, tickets, timer, way};
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
        return empty("No tickets yet.", way("button", "/", "Browse tickets"));
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
    let rows: Vec<View> = orders.into_iter().map(|order| row_of(shop, order)).collect();
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

fn row_of(shop: Shop, order: Order) -> View {
    let class = match order.standing {
        Standing::Paid => "status good",
        standing if standing.is_unpaid() || standing.is_paying() => "status due",
        _ => "status",
    };
    let tools = if order.standing.is_unpaid() { resume(shop, &order) } else { View::new() };
    let href = format!("/orders/{}", order.id);
    let title = order.title;
    row(Row {
        ticket: order.ticket,
        sale: None,
        heading: view! { h3 { a(href=href) { (title) } } },
        when: order.when,
        place: place(order.venue.as_deref(), order.city.as_deref()),
        aside: Some(format!("Order {}, {}", order.number, order.made.date)),
        standing: (called(order.standing), class),
        total: order.total,
        count: tickets(order.quantity),
        tools,
    })
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
