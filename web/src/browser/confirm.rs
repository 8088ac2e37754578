//! The question before something ends.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlFormElement};

use super::dom;

/// What a form bears once its question was answered with yes.
const SURE: &str = "data-sure";

thread_local! {
    /// The form that the question is about.
    static FORM: Rc<RefCell<Option<HtmlFormElement>>> = Rc::default();
}

fn dialog() -> Option<HtmlDialogElement> {
    dom::by_id("confirm")?.dyn_into().ok()
}

/// Asks first, where `form` says that it is to be asked; says whether it did.
pub(crate) fn asks(form: &HtmlFormElement) -> bool {
    let Some(question) = form.get_attribute("data-confirm") else { return false };
    if form.has_attribute(SURE) {
        let _ = form.remove_attribute(SURE);
        return false;
    }
    let Some(dialog) = dialog() else { return false };
    let say = |id: &str, text: Option<String>| {
        if let (Some(element), Some(text)) = (dom::by_id(id), text) {
            element.set_text_content(Some(&text));
        }
    };
    say("confirm-title", Some(question));
    say("confirm-text", form.get_attribute("data-text"));
    say("confirm-yes", form.get_attribute("data-yes"));
    FORM.with(|slot| *slot.borrow_mut() = Some(form.clone()));
    dialog.set_return_value("");
    // Esc closes it, and the focus goes back to the button: browsers do both.
    dialog.show_modal().is_ok()
}

/// Waits for answers.
pub(crate) fn arm() {
    let Some(dialog) = dialog() else { return };
    let answered = dialog.clone();
    dom::listen(&dialog, "close", move |_: Event| {
        // Told late, when the next question is open already, it is about the one before.
        if answered.open() {
            return;
        }
        let form = FORM.with(|slot| slot.borrow_mut().take());
        if let (Some(form), "yes") = (form, answered.return_value().as_str()) {
            let _ = form.set_attribute(SURE, "");
            let _ = form.request_submit();
        }
    });
}
