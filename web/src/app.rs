//! The frame around every page.

use std::fmt::Display;

use sycamore::prelude::*;

use crate::countdown::seconds_left;
use crate::isolated;
use crate::pages;
use crate::parts::timer;
use crate::shop::{Shop, dynamic, watch};
use crate::state::{Held, Notice, Page, Sell, Tone, Visitor};

/// The shop's mark: a ticket with its notches.
const MARK: &str = r#"<svg viewBox="0 0 32 24" width="32" height="24" focusable="false"><path fill="currentColor" d="M3 0h26a3 3 0 0 1 3 3v5a4 4 0 0 0 0 8v5a3 3 0 0 1-3 3H3a3 3 0 0 1-3-3v-5a4 4 0 0 0 0-8V3a3 3 0 0 1 3-3Zm8 4v3h2V4Zm0 6v4h2v-4Zm0 7v3h2v-3Z"/></svg>"#;

/// Everything within the document's body.
pub(crate) fn app(shop: Shop) -> View {
    let head = head(shop);
    let notice = notice(shop);
    let held = held(shop);
    let page = pages::page(shop);
    view! {
        a(class="skip", href="#main") { "Skip to content" }
        (head)
        (held)
        div(class="notices") { (notice) }
        main(id="main", tabindex="-1", aria-busy=move || shop.loading.get().then_some("true")) {
            (page)
        }
        footer(class="foot") {
            p { "Boxoffice: tickets from people who cannot go, for people who can." }
            p { "Held for you while you pay. Nobody is charged without a ticket." }
        }
        dialog(id="confirm", aria-labelledby="confirm-title", aria-describedby="confirm-text") {
            form(method="dialog") {
                h2(id="confirm-title") { "Are you sure?" }
                p(id="confirm-text") { "This cannot be undone." }
                div(class="actions") {
                    button(class="button quiet", value="no") { "Keep it" }
                    button(class="button danger", id="confirm-yes", value="yes") { "Yes" }
                }
            }
        }
        div(id="announcer", class="unseen", aria-live="polite") {}
    }
}

fn head(shop: Shop) -> View {
    let visitor = watch(move || shop.state.with(|state| state.visitor.clone()));
    let here = watch(move || shop.state.with(|state| return_address(&state.here)));
    let entry = dynamic(move || match visitor.get_clone() {
        Some(visitor) => account(visitor),
        None => entrances(here),
    });
    view! {
        header(class="head") {
            div(class="wrap") {
                a(class="brand", href="/") {
                    span(class="mark", aria-hidden="true", dangerously_set_inner_html=MARK) {}
                    span(class="name") { "Boxoffice" }
                }
                nav(aria-label="Shop") {
                    a(class="link", href="/tickets/new") { "Sell" }
                    (entry)
                }
            }
        }
    }
}

/// Where signing in leads back to: the page itself, but not from one entrance to another.
fn return_address(here: &str) -> String {
    let path = here.split('?').next().unwrap_or_default();
    let is_entrance =
        matches!(path, "/sign-in" | "/sign-up" | "/guest" | "/forgotten" | "/reset" | "/verify");
    if is_entrance || path.starts_with("/sign-in/") { "/".to_owned() } else { here.to_owned() }
}

fn entrances(here: ReadSignal<String>) -> View {
    let to =
        move |path: &'static str| move || format!("{path}?next={}", encoded(&here.get_clone()));
    view! {
        a(class="link", href=to("/sign-in"), rel="nofollow") { "Sign in" }
        a(class="link wide", href=to("/sign-up"), rel="nofollow") { "Sign up" }
    }
}

/// `text` as a value in a query: all that is not unreserved or harmless there is escaped (RFC 3986,
/// section 2).
pub(crate) fn encoded(text: &str) -> String {
    let mut query = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                query.push(char::from(byte));
            }
            _ => {
                query.push('%');
                for digit in [byte >> 4, byte & 15] {
                    query.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
        }
    }
    query
}

fn account(visitor: Visitor) -> View {
    let Visitor { email, key } = visitor;
    view! {
        details(class="menu", data-closes="") {
            summary(class="link") { "Account" }
            div(class="panel") {
                p(class="who") {
                    span(class="label") { "Signed in as" }
                    " "
                    span(class="email") { (email) }
                }
                a(class="item", href="/orders") { "My tickets" }
                a(class="item", href="/listings") { "My listings" }
                a(class="item", href="/sales") { "Sales" }
                a(class="item", href="/account") { "My account" }
                a(class="item", href="/sessions") { "Signed-in devices" }
                form(method="post", action="/sign-out") {
                    input(r#type="hidden", name="key", value=key)
                    button(class="item", r#type="submit") { "Sign out" }
                }
            }
        }
    }
}

/// Leads back to what the visitor holds, from every page but the one to pay for it.
fn held(shop: Shop) -> View {
    let held = watch(move || {
        let held = shop.state.with(|state| match &state.page {
            Page::Checkout(_) => None,
            Page::Order(outcome) if outcome.order.standing.is_unpaid() => None,
            _ => state.held.clone(),
        });
        held.filter(|held| seconds_left(held.until, shop.now.get()) > 0)
    });
    dynamic(move || {
        let Some(Held { order, quantity, until }) = held.get_clone() else { return View::new() };
        let tickets = if quantity == 1 {
            "1 ticket held".to_owned()
        } else {
            format!("{quantity} tickets held")
        };
        let (timer, href) = (timer(shop, until), format!("/orders/{order}/checkout"));
        view! {
            aside(class="held", aria-label="Your hold") {
                p { (tickets) " · " (timer) }
                a(class="button", href=href) { "Pay" }
            }
        }
    })
}

fn notice(shop: Shop) -> View {
    let notice = watch(move || shop.state.with(|state| state.notice.clone()));
    dynamic(move || match notice.get_clone() {
        None => View::new(),
        Some(Notice { tone, text }) => {
            let (class, role) = match tone {
                Tone::Good => ("notice good", "status"),
                Tone::Bad => ("notice bad", "alert"),
            };
            view! { p(class=class, role=role) { (text) } }
        }
    })
}

/// The document's title of a page that is called `title`.
pub(crate) fn full_title(title: &str) -> String {
    format!("{} · Boxoffice", isolated(title))
}

/// What tells one page from another: two states of the same page update it, others replace it.
pub(crate) fn identity(page: &Page) -> String {
    let of = |kind: &str, id: &dyn Display| format!("{kind} {id}");
    match page {
        Page::Browse(_) => of("browse", &""),
        Page::Ticket(detail) => of("ticket", &detail.card.id),
        Page::SignIn(_) => of("sign-in", &""),
        Page::SignUp(_) => of("sign-up", &""),
        Page::Sell(Sell { ticket: Some(ticket), .. }) => of("sell", ticket),
        Page::Sell(_) => of("sell", &""),
        Page::Checkout(checkout) => of("checkout", &checkout.order.id),
        Page::Order(outcome) => of("order", &outcome.order.id),
        Page::Orders(_) => of("orders", &""),
        Page::Listings(_) => of("listings", &""),
        Page::Drawn(drawn) => of("drawn", &drawn.key),
        Page::Missing(_) => of("missing", &""),
        Page::Failed(_) => of("failed", &""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_escaped_in_queries() {
        assert_eq!(encoded("/?q=a b&city=Zürich"), "/%3fq%3da%20b%26city%3dZ%c3%bcrich");
    }

    #[test]
    fn an_entrance_is_nowhere_to_come_back_to() {
        assert_eq!(return_address("/tickets/1?x=2"), "/tickets/1?x=2");
        assert_eq!(return_address("/sign-in?next=/orders"), "/");
        assert_eq!(return_address("/forgotten"), "/");
        assert_eq!(return_address("/sign-in/link/code?next=/orders"), "/");
    }
}
