//! `/orders/{id}`: what has become of an order.

use sycamore::prelude::*;
use sycamore::web::is_hydrating;

use super::orders::called;
use crate::parts::{Ending, admissions, ending, fact, hidden, moment, stub, timer, way};
use crate::shop::{Shop, dynamic};
use crate::state::{Admission, Order, Outcome, Page, Standing};

/// The class of what one may do, but need not.
const QUIET: &str = "button quiet";

pub(crate) fn page(shop: Shop, first: Outcome) -> View {
    let outcome = shop.part(first, |page| match page {
        Page::Order(outcome) => Some(outcome),
        _ => None,
    });
    dynamic(move || {
        let Outcome { order, again, admissions, give_back } = outcome.get_clone();
        let top = top(&order);
        let tickets = tickets(&order, admissions);
        let next = next(shop, &order, again);
        let made = moment(order.made.clone());
        let standing = fact("Status", called(order.standing).to_owned());
        let back = given_back(&order);
        let give_back = give_back.map(|form| give_back_form(shop, &order, form.key));
        let give_back = give_back.unwrap_or_default();
        let stub = stub(order);
        view! {
            div(class="narrow outcome") {
                (top)
                (tickets)
                (stub)
                dl(class="facts") {
                    (standing)
                    div(class="fact") {
                        dt { "Ordered" }
                        dd { (made) }
                    }
                    (back)
                }
                (give_back)
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
            "Your bank asks you to confirm this payment",
            "Nothing is paid yet. Confirm the payment before the time is up, and the tickets are \
             yours.",
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
        Standing::Unclear => ("Your order", "This page cannot show the order's status yet."),
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

/// The tickets of a paid order, as ways to their codes.
fn tickets(order: &Order, held: Option<Vec<Admission>>) -> View {
    if order.standing != Standing::Paid {
        return View::new();
    }
    let list = match held {
        None => view! {
            p(role="status") { "Your tickets are being made ready. Reload this page in a moment." }
        },
        Some(held) if held.is_empty() => {
            view! { p { "Others hold the tickets of this order now." } }
        }
        Some(held) => admissions(held),
    };
    view! {
        section(aria-label="Tickets") { (list) }
    }
}

/// Where to go from here.
fn next(shop: Shop, order: &Order, again: String) -> View {
    let own = format!("/orders/{}", order.id);
    let (before, first) = match order.standing {
        Standing::Unpaid | Standing::Asked => {
            let timer = timer(shop, order.expires_at);
            let before = view! { p { "Held for " (timer) } };
            (before, way("button", format!("{own}/checkout"), "Resume payment"))
        }
        Standing::Paying | Standing::Processing => {
            let before = view! { div(class="waiting", aria-hidden="true") {} };
            (before, way(QUIET, own, "Check again"))
        }
        Standing::Unclear => (View::new(), way(QUIET, own, "Check again")),
        Standing::Paid if order.when.is_some() => (View::new(), calendar(&own)),
        Standing::Paid => Default::default(),
        Standing::Refunded => (View::new(), way("button", "/", "Browse tickets")),
        Standing::Expired | Standing::Cancelled | Standing::Declined => {
            (View::new(), way("button", again, "Find it again"))
        }
    };
    let others = match order.standing {
        standing if standing.is_unpaid() || standing.is_paying() => View::new(),
        _ => way(QUIET, "/orders", "My tickets"),
    };
    view! {
        (before)
        p(class="actions") { (first) (others) }
    }
}

/// The way out for the buyer of an event that its seller has changed.
fn give_back_form(shop: Shop, order: &Order, key: String) -> View {
    let form = Ending {
        action: format!("/orders/{}/give-back", order.id),
        inside: hidden("key", key),
        button: ("Give the tickets back", "Giving them back…"),
        question: [
            "Give the tickets back?",
            "You get all of your money back. The tickets let nobody in any more.",
            "Give them back",
        ],
    };
    let form = ending(shop, form);
    view! {
        section(class="end", aria-labelledby="give-back") {
            h2(id="give-back") { "Not what you bought?" }
            (form)
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
    let href = format!("{order}/event.ics");
    view! { a(class="button", href=href, download="event.ics") { "Add to calendar" } }
}
