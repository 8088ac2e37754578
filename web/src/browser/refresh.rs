//! When a page asks for its own state anew.

use web_sys::{Event, PageTransitionEvent, VisibilityState};

use super::travel::{Way, current, go};
use super::{Browser, dom, live};
use crate::shop::Pending;
use crate::state::{Outcome, Page, Standing, State};

/// How often a page that waits for the server's word asks, in milliseconds.
const WAIT: f64 = 2_000.0;

/// Asks for the page's state, if nobody is doing anything with it. What one writes stays.
pub(crate) fn ask(browser: &Browser) {
    let shop = browser.shop();
    let idle = shop.pending.with_untracked(|pending| *pending == Pending::Nothing)
        && !browser.0.wanted.get();
    let fixed = shop.state.with_untracked(|state| {
        matches!(
            state.page,
            Page::Sell(_)
                | Page::SignIn(_)
                | Page::SignUp(_)
                | Page::Drawn(_)
                | Page::Missing(_)
                | Page::Failed(_)
        )
    });
    if idle && !fixed && !shop.loading.get_untracked() && is_visible() {
        browser.0.asked.set(js_sys::Date::now());
        go(browser, current(), Way::Quietly);
    }
}

pub(crate) fn is_visible() -> bool {
    dom::document().visibility_state() == VisibilityState::Visible
}

/// Asks where a page waits: for a payment's outcome, for what a hold that has ended became, or for
/// tickets that are being made.
pub(crate) fn due(browser: &Browser, now: i64) {
    let waits = browser.shop().state.with_untracked(|state| waits(state, now));
    if waits && js_sys::Date::now() - browser.0.asked.get() >= WAIT {
        ask(browser);
    }
}

fn waits(state: &State, now: i64) -> bool {
    match &state.page {
        Page::Order(Outcome { order, admissions, .. }) => {
            let standing = order.standing;
            standing.is_paying()
                || standing.is_unpaid() && order.expires_at <= now
                || standing == Standing::Paid && admissions.is_none()
        }
        Page::Checkout(checkout) => checkout.order.expires_at <= now,
        Page::Orders(orders) => orders.unpaid.iter().any(|order| order.expires_at <= now),
        _ => false,
    }
}

/// After a sleep, asks at once: the stream may take its time to notice. A page that is hidden has no
/// stream, and hears of what it has missed when it is shown.
pub(crate) fn wake(browser: &Browser) {
    let woken = browser.clone();
    let wake = move || {
        live::reopen(&woken);
        ask(&woken);
    };
    let (seen, online) = (wake.clone(), wake.clone());
    dom::listen(&dom::document(), "visibilitychange", move |_: Event| seen());
    dom::listen(&dom::window(), "online", move |_: Event| online());
    dom::listen(&dom::window(), "pageshow", move |event: PageTransitionEvent| {
        if event.persisted() {
            wake();
        }
    });
}
