//! The document, with what fails for no reason of ours left out.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, Window};

pub(crate) fn window() -> Window {
    sycamore::web::window()
}

pub(crate) fn document() -> Document {
    sycamore::web::document()
}

pub(crate) fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Calls `handler` at each event `name` of `target`, as long as the page lives.
pub(crate) fn listen<E: JsCast + 'static>(
    target: &EventTarget,
    name: &str,
    mut handler: impl FnMut(E) + 'static,
) {
    let handler = move |event: Event| handler(event.unchecked_into());
    let handler = Closure::<dyn FnMut(Event)>::new(handler).into_js_value();
    // It fails only where the handler is no function.
    let _ = target.add_event_listener_with_callback(name, handler.unchecked_ref());
}

/// The element in which an event began, or the nearest around it that matches `selector`.
pub(crate) fn origin<T: JsCast>(event: &Event, selector: &str) -> Option<T> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok()??.dyn_into().ok()
}

/// Moves the focus to the element `id`; says whether there is one.
pub(crate) fn focus(id: &str) -> bool {
    by_id(id).is_some_and(|element| focus_on(&element))
}

pub(crate) fn focus_on(element: &Element) -> bool {
    let Some(element) = element.dyn_ref::<HtmlElement>() else { return false };
    element.focus().is_ok()
}

/// Moves the focus to the title of the page.
pub(crate) fn focus_title() {
    if let Ok(Some(title)) = document().query_selector("main h1") {
        focus_on(&title);
    }
}

/// Says `text` aloud, when there is nothing else to say.
pub(crate) fn announce(text: &str) {
    if let Some(announcer) = by_id("announcer") {
        announcer.set_text_content(Some(text));
    }
}

/// Tells the page's other scripts of something, by an event of this name.
pub(crate) fn tell(name: &str) {
    if let Ok(event) = Event::new(name) {
        let _ = window().dispatch_event(&event);
    }
}

/// Calls `job` after so many milliseconds.
pub(crate) fn after(milliseconds: i32, job: impl FnOnce() + 'static) {
    let job = Closure::once_into_js(job);
    let _ = window()
        .set_timeout_with_callback_and_timeout_and_arguments_0(job.unchecked_ref(), milliseconds);
}

/// Waits for so many milliseconds.
pub(crate) async fn sleep(milliseconds: i32) {
    let mut begin = |done: js_sys::Function, _: js_sys::Function| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, milliseconds);
    };
    let _ = wasm_bindgen_futures::JsFuture::from(js_sys::Promise::new(&mut begin)).await;
}
