//! `/orders/{id}`: what has become of an order.

use sycamore::prelude::*;
use sycamore::web::is_hydrating;

use super::orders::called;
use crate::parts::{fact, stub, timer};
use crate::shop::{Shop, dynamic};
use crate::state::{Order, Outcome, Page, Standing};

pub(crate) fn page(shop: Shop, first: Outcome) -> View {
    let outcome = shop.part(first, |page| match page {
        Page::Order(outcome) => Some(outcome),
        _ => None,
    });
    dynamic(move || {
        let Outcome { order, again } = outcome.get_clone();
        let top = top(&order);
        let next = next(shop, &order, again);
        let made = fact("Ordered", format!("{}, {}", order.made.date, order.made.time));
        let standing = fact("Status", called(order.standing).to_owned());
        let back = given_back(&order);
        let stub = stub(order);
        view! {
            div(class="narrow outcome") {
                (top)
                (stub)
                dl(class="facts") { (standing) (made) (back) }
                (next)
            }
        }
    })
}

/// What has happened: a title that takes the focus, and a sentence.
fn top(order: &Order) -> View {
    let (title, text) = match order.standing {
        Standing::Unpaid => {
            ("Your tickets are held", "Pay before the time is up, and they are yours.")
        }
        Standing::Asked => (
            "Your bank wants to know that it is really you",
            "Nothing is paid yet. Answer your bank before the time is up, and the tickets are yours.",
        ),
        Standing::Processing => (
            "Your payment is being checked by your bank",
            "Don't pay again. This page shows the answer as soon as it is here.",
        ),
        Standing::Paying => (
            "We're checking your payment. Don't pay again.",
            "The answer is on its way. This page shows it as soon as it is here.",
        ),
        Standing::Paid => ("You have your tickets", "They are paid and yours. Have a good time."),
        Standing::Expired => {
            ("Your hold ended. You were not charged", "The tickets are for sale again.")
        }
        Standing::Cancelled => {
            ("Order cancelled. You were not charged", "The tickets are for sale again.")
        }
        Standing::Declined => (
            "Payment declined. You were not charged",
            "The payment was declined too often, and the tickets are for sale again.",
        ),
        Standing::Refunded => {
            ("Refunded", "You get all of your money back, and the tickets are not yours any more.")
        }
        Standing::Unclear => {
            ("Your order", "Something has happened to it that this page cannot tell yet.")
        }
    };
    // Where the page is loaded with it; later, the browser moves the focus itself.
    let loads = is_hydrating();
    view! {
        div(class="top") {
            h1(tabindex="-1", autofocus=loads) { (title) }
            p { (text) }
        }
    }
}

/// Where to go from here.
fn next(shop: Shop, order: &Order, again: String) -> View {
    match order.standing {
        Standing::Unpaid | Standing::Asked => {
            let timer = timer(shop, order.expires_at);
            let href = format!("/orders/{}/checkout", order.id);
            view! {
                p { "Held for " (timer) }
                p(class="actions") { a(class="button", href=href) { "Resume payment" } }
            }
        }
        Standing::Paying | Standing::Processing | Standing::Unclear => {
            let href = format!("/orders/{}", order.id);
            let waiting = match order.standing {
                Standing::Unclear => View::new(),
                _ => view! { div(class="waiting", aria-hidden="true") {} },
            };
            view! {
                (waiting)
                p(class="actions") { a(class="button quiet", href=href) { "Check again" } }
            }
        }
        Standing::Paid => {
            let calendar = if order.when.is_some() { calendar(&order.id) } else { View::new() };
            view! {
                p(class="actions") {
                    (calendar)
                    a(class="button quiet", href="/orders") { "My orders" }
                }
            }
        }
        Standing::Refunded => {
            view! {
                p(class="actions") {
                    a(class="button", href="/") { "Browse tickets" }
                    a(class="button quiet", href="/orders") { "My orders" }
                }
            }
        }
        Standing::Expired | Standing::Cancelled | Standing::Declined => {
            view! {
                p(class="actions") {
                    a(class="button", href=again) { "Find it again" }
                    a(class="button quiet", href="/orders") { "My orders" }
                }
            }
        }
    }
}

/// What was given back, and when it is there.
fn given_back(order: &Order) -> View {
    if order.standing != Standing::Refunded {
        return View::new();
    }
    let when = "with you in 5 to 10 days, as fast as your bank is";
    fact("Given back", format!("{}, {when}", order.total))
}

fn calendar(order: &str) -> View {
    let href = format!("/orders/{order}/event.ics");
    view! { a(class="button", href=href, download="event.ics") { "Add to calendar" } }
}
