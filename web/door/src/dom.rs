//! The document, with what fails for no reason of ours left out.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, Event, EventTarget, Storage, VisibilityState, Window};

/// A browser's page always has both; nothing of this module runs without them.
pub(crate) fn window() -> Window {
    js_sys::global().unchecked_into()
}

pub(crate) fn document() -> Document {
    window().document().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
}

pub(crate) fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Returns the first element within `root` that matches `selector`, if it is of this kind.
pub(crate) fn within<T: JsCast>(root: &Element, selector: &str) -> Option<T> {
    root.query_selector(selector).ok()??.dyn_into().ok()
}

/// Tells whether somebody can see the page.
pub(crate) fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Calls `handler` at each event `name` of `target`, as long as the page lives.
pub(crate) fn listen(target: &EventTarget, name: &str, handler: impl FnMut(Event) + 'static) {
    let handler = Closure::<dyn FnMut(Event)>::new(handler).into_js_value();
    // It fails only where the handler is no function.
    let _ = target.add_event_listener_with_callback(name, handler.unchecked_ref());
}

/// Calls `handler` at each event `name` of the document before all others.
pub(crate) fn intercept(name: &str, handler: impl FnMut(Event) + 'static) {
    let handler = Closure::<dyn FnMut(Event)>::new(handler).into_js_value();
    let handler = handler.unchecked_ref();
    // It fails only where the handler is no function.
    let _ = document().add_event_listener_with_callback_and_bool(name, handler, true);
}

/// Makes an element with this class and text.
pub(crate) fn make(tag: &str, class: &str, text: &str) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    element.set_text_content(Some(text));
    Some(element)
}

/// What this device remembers. A browser may keep nothing for a page.
pub(crate) fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Waits for so many milliseconds.
pub(crate) async fn sleep(milliseconds: i32) {
    let mut begin = |done: js_sys::Function, _: js_sys::Function| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, milliseconds);
    };
    let _ = JsFuture::from(js_sys::Promise::new(&mut begin)).await;
}
