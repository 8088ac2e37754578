//! A countdown.

use sycamore::prelude::*;

use crate::countdown::{clock, duration, seconds_left};
use crate::shop::{Shop, watch, words};

/// The time left until `end` (milliseconds since 1970), by the server's clock.
///
/// Its role says what it is; it is no live region, and the browser speaks it at a few moments only.
pub(crate) fn timer(shop: Shop, end: i64) -> View {
    let left = watch(move || seconds_left(end, shop.now.get()));
    let figures = words(move || clock(left.get()));
    view! {
        span(class="timer", role="timer", data-end=end.to_string(), aria-label="Time left to pay") {
            time(datetime=move || duration(left.get())) { (figures) }
        }
    }
}
