//! The door's page: which door is on it, and how codes get into its form.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use boxoffice_web_dom as dom;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlFormElement, HtmlInputElement, MutationObserver, MutationObserverInit};

/// How long an answer is waited for, in milliseconds. Without a network none comes, and the shop says
/// so: the next code must not wait for it.
const PATIENCE: f64 = 10_000.0;

/// Calls `enter` with the door on the page, and again each time that another one takes its place.
///
/// With each verdict the shop draws the whole page, so the door is another element then.
pub(crate) fn watch(enter: impl Fn(&Element) + 'static) {
    let shown = RefCell::new(None::<Element>);
    let look = move || {
        let door = dom::by_id("entrance");
        if *shown.borrow() == door {
            return;
        }
        shown.replace(door.clone());
        if let Some(door) = door {
            enter(&door);
        }
    };
    look();
    let look = Closure::<dyn Fn()>::new(look).into_js_value();
    let changes = MutationObserverInit::new();
    changes.set_child_list(true);
    changes.set_subtree(true);
    if let (Ok(observer), Some(body)) =
        (MutationObserver::new(look.unchecked_ref()), dom::document().body())
    {
        // It fails only where there is nothing to watch for.
        let _ = observer.observe_with_options(&body, &changes);
    }
}

/// Types codes into the door's form as a hand-held scanner does, one after the other.
#[derive(Clone, Default)]
pub(crate) struct Typist(Rc<Desk>);

#[derive(Default)]
struct Desk {
    /// When the code was sent whose answer is not on the page yet.
    sent: Cell<Option<f64>>,
    /// The code that is typed after that.
    next: RefCell<Option<String>>,
}

impl Typist {
    /// Sends `code`, after the answer to the last one. Of several that wait, the newest is kept.
    pub(crate) fn send(&self, code: String) {
        let now = js_sys::Date::now();
        if self.0.sent.get().is_some_and(|sent| now - sent < PATIENCE) {
            self.0.next.replace(Some(code));
        } else if type_in(&code) {
            self.0.sent.set(Some(now));
        }
    }

    /// Goes on with the code that waits: the page shows what the last one came to.
    pub(crate) fn answered(&self) {
        self.0.sent.set(None);
        let next = self.0.next.take();
        if let Some(code) = next {
            self.send(code);
        }
    }
}

/// Fills the field in and sends its form. Returns whether there is one.
fn type_in(code: &str) -> bool {
    let field = dom::by_id("code").and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    let Some(field) = field else { return false };
    field.set_value(code);
    let form: Option<HtmlFormElement> = field.form();
    form.is_some_and(|form| form.request_submit().is_ok())
}
