//! The server's clock.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::{Browser, dom, refresh};
use crate::countdown::{seconds_left, spoken};
use crate::state::Page;

/// How often the clock is looked at, in milliseconds: a second of it is never skipped.
const BEAT: i32 = 500;

#[wasm_bindgen]
extern "C" {
    type Loading;
    /// When the first byte of the page came, in milliseconds since the page was asked for.
    #[wasm_bindgen(method, getter, js_name = responseStart)]
    fn response_start(this: &Loading) -> f64;
}

/// When the page came, by this machine's clock: not when its script ran, which may be much later.
pub(crate) fn loaded() -> f64 {
    let now = js_sys::Date::now();
    let Some(performance) = dom::window().performance() else { return now };
    let loading = performance.get_entries_by_type("navigation").get(0);
    if loading.is_undefined() {
        return now;
    }
    let start = loading.unchecked_into::<Loading>().response_start();
    now - (performance.now() - start).max(0.0)
}

/// Lets the clock run.
pub(crate) fn run(browser: &Browser) {
    let browser = browser.clone();
    let beat = Closure::<dyn FnMut()>::new(move || tick(&browser)).into_js_value();
    let _ = dom::window()
        .set_interval_with_callback_and_timeout_and_arguments_0(beat.unchecked_ref(), BEAT);
}

/// Sets the clock: the server's time in the state, and what has passed here since it came.
pub(crate) fn tick(browser: &Browser) {
    let shop = browser.shop();
    let passed = js_sys::Date::now() - browser.0.came.get();
    let before = shop.now.get_untracked();
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    let now = shop.state.with_untracked(|state| state.now) + passed.max(0.0) as i64;
    shop.now.set(now);
    speak(browser, before, now);
    refresh::due(browser, now);
}

/// Says aloud how much time is left to pay, at a few moments.
fn speak(browser: &Browser, before: i64, now: i64) {
    let end = browser.shop().state.with_untracked(|state| match &state.page {
        Page::Checkout(checkout) => Some(checkout.order.expires_at),
        _ => None,
    });
    let Some(end) = end else { return };
    let (before, after) = (seconds_left(end, before), seconds_left(end, now));
    if let Some(text) = spoken(before, after) {
        dom::announce(&text);
    }
    if before > 0 && after == 0 {
        // The form is gone, and the focus with it.
        dom::focus_title();
    }
}
