//! The document, for the modules that some pages load besides the shop's. What fails for no reason of
//! ours is left out.

#![cfg(target_os = "unknown")]

use js_sys::{JsString, RegExp};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, Event, EventTarget, Storage, VisibilityState, Window};

/// A browser's page always has both; nothing of this module runs without them.
#[must_use]
pub fn window() -> Window {
    js_sys::global().unchecked_into()
}

/// The page's document.
#[must_use]
pub fn document() -> Document {
    window().document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
}

/// Returns the element with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Returns the first element within `root` that matches `selector`, if it is of this kind.
#[must_use]
pub fn within<T: JsCast>(root: &Element, selector: &str) -> Option<T> {
    root.query_selector(selector).ok()??.dyn_into().ok()
}

/// Makes texts equal that differ in case and accents alone. The browser's own tables of Unicode do it,
/// so no module has to bring them.
#[must_use]
pub fn fold(text: &str) -> String {
    let marks = RegExp::new("\\p{M}", "gu");
    let plain = JsString::from(text).normalize("NFKD").replace_by_pattern(&marks, "");
    // Upper case has one form of ß and ss, and of Greek's two letters sigma.
    plain.to_upper_case().into()
}

/// Tells whether somebody can see the page.
#[must_use]
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Calls `handler` at each event `name` of `target`, as long as the page lives.
pub fn listen(target: &EventTarget, name: &str, handler: impl FnMut(Event) + 'static) {
    let handler = Closure::<dyn FnMut(Event)>::new(handler).into_js_value();
    // It fails only where the handler is no function.
    let _ = target.add_event_listener_with_callback(name, handler.unchecked_ref());
}

/// Calls `handler` at each event `name` of the document before all others.
pub fn intercept(name: &str, handler: impl FnMut(Event) + 'static) {
    let handler = Closure::<dyn FnMut(Event)>::new(handler).into_js_value();
    let handler = handler.unchecked_ref();
    // It fails only where the handler is no function.
    let _ = document().add_event_listener_with_callback_and_bool(name, handler, true);
}

/// Makes an element with this class and text.
#[must_use]
pub fn make(tag: &str, class: &str, text: &str) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    element.set_text_content(Some(text));
    Some(element)
}

/// What this device remembers. A browser may keep nothing for a page.
#[must_use]
pub fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Waits for so many milliseconds.
pub async fn sleep(milliseconds: i32) {
    let mut begin = |done: js_sys::Function, _: js_sys::Function| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, milliseconds);
    };
    let _ = JsFuture::from(js_sys::Promise::new(&mut begin)).await;
}

/// Calls `handler` every so many milliseconds, as long as the page lives.
pub fn every(milliseconds: i32, handler: impl FnMut() + 'static) {
    let handler = Closure::<dyn FnMut()>::new(handler).into_js_value();
    // It fails only where the handler is no function.
    let _ = window().set_interval_with_callback_and_timeout_and_arguments_0(
        handler.unchecked_ref(),
        milliseconds,
    );
}

/// Returns the time by this device's clock, in milliseconds since 1970.
#[must_use]
pub fn now() -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    let now = js_sys::Date::now() as i64;
    now
}

/// Where this device remembers by how much its clock is wrong.
const CLOCK: &str = "clock-ahead";

/// Returns by how many milliseconds the shop's clock is ahead of this device's, as far as the device has
/// learnt it.
#[must_use]
pub fn clock_ahead() -> i64 {
    let known = storage().and_then(|storage| storage.get_item(CLOCK).ok().flatten());
    known.and_then(|known| known.parse().ok()).unwrap_or(0)
}

/// Stores on the device by how many milliseconds the shop's clock is ahead of its own.
pub fn remember_clock(ahead: i64) {
    if let Some(storage) = storage() {
        // A browser may keep nothing for a page, which then goes by the device's clock when it is saved.
        let _ = storage.set_item(CLOCK, &ahead.to_string());
    }
}
