//! `/orders`: the tickets that one has, and all that one has ordered.

use boxoffice_contract::AdmissionId;
use sycamore::prelude::*;

use crate::parts::{Row, admissions, empty, older, place, row, tickets, timer, way};
use crate::shop::{Shop, dynamic};
use crate::state::{AdmissionStatus, Going, Order, Orders, Page, Standing};

pub(crate) fn page(shop: Shop, first: Orders) -> View {
    let orders = shop.part(first, |page| match page {
        Page::Orders(orders) => Some(orders),
        _ => None,
    });
    let list = dynamic(move || list(shop, orders.get_clone()));
    view! {
        div(class="column") {
            h1(tabindex="-1") { "My tickets" }
            (list)
        }
    }
}

fn list(shop: Shop, Orders { unpaid, going, orders, next }: Orders) -> View {
    if unpaid.is_empty() && going.is_empty() && orders.is_empty() {
        return empty("No tickets yet.", way("button", "/", "Browse tickets"));
    }
    let of = |orders: Vec<Order>| orders.into_iter().map(|order| row_of(shop, order)).collect();
    let urgent = section("unpaid", "Waiting for payment", of(unpaid));
    let going = section("going", "You're going", going.into_iter().map(event).collect());
    let (refunded, orders) = parted(orders, |standing| standing == Standing::Refunded);
    let (ended, bought) = parted(orders, |standing| {
        matches!(standing, Standing::Expired | Standing::Cancelled | Standing::Declined)
    });
    let bought = section("bought", "Bought", of(bought));
    let refunded = section("refunded", "Refunded", of(refunded));
    let ended = section("ended", "Not bought", of(ended));
    let next = older(next, "Older orders");
    view! {
        (urgent)
        (going)
        div(id="list", class="column", tabindex="-1") { (bought) (refunded) (ended) }
        (next)
    }
}

/// Returns the orders that stand as `is` says, and the others.
fn parted(orders: Vec<Order>, is: fn(Standing) -> bool) -> (Vec<Order>, Vec<Order>) {
    orders.into_iter().partition(|order| is(order.standing))
}

fn section(id: &'static str, title: &'static str, rows: Vec<View>) -> View {
    if rows.is_empty() {
        return View::new();
    }
    view! {
        section(class="rows", id=id, tabindex="-1", aria-label=title) {
            h2 { (title) }
            ul { (rows) }
        }
    }
}

/// An event that one has tickets for: its title leads to the first one's code.
fn event(going: Going) -> View {
    let Going { ticket, title, venue, city, when, admissions: held } = going;
    let href = held.first().map(|first| format!("/admissions/{}", first.id)).unwrap_or_default();
    let count = i64::try_from(held.len()).unwrap_or(i64::MAX);
    let standing = match held.iter().all(|one| one.status == AdmissionStatus::Offered) {
        true => ("On sale", "status due"),
        false => ("You're going", "status good"),
    };
    let codes = admissions(held);
    row(Row {
        ticket,
        sale: None,
        heading: view! { h3 { a(href=href) { (title) } } },
        when,
        place: place(venue.as_deref(), city.as_deref()),
        aside: None,
        standing,
        total: tickets(count),
        count: String::new(),
        tools: view! { div(class="codes") { (codes) } },
    })
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
    let tools = match order.admission {
        _ if order.standing.is_unpaid() => resume(shop, &order),
        Some(admission) => code(admission, &order),
        None => View::new(),
    };
    let href = format!("/orders/{}", order.id);
    let title = order.title;
    row(Row {
        ticket: order.ticket,
        sale: None,
        heading: view! { h3 { a(href=href) { (title) } } },
        when: order.when,
        place: place(order.venue.as_deref(), order.city.as_deref()),
        aside: Some(match order.changed {
            Some(changed) => changed,
            None => format!("Order {}, {}", order.number, order.made.date),
        }),
        standing: (called(order.standing), class),
        total: order.total,
        count: tickets(order.quantity),
        tools,
    })
}

/// The way to an order's tickets.
fn code(admission: AdmissionId, order: &Order) -> View {
    let href = format!("/admissions/{admission}");
    let label = if order.quantity == 1 { "Show ticket" } else { "Show tickets" };
    let name = format!("{label} for {}", order.title);
    view! {
        div(class="resume") {
            a(class="button quiet", href=href, aria-label=name) { (label) }
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
