//! Pieces of forms.

use sycamore::prelude::*;
use sycamore::web::is_hydrating;

use crate::shop::{Shop, dynamic, watch, words};
use crate::state::{FieldError, Form};

/// A field that nobody sees.
pub(crate) fn hidden(name: &'static str, value: String) -> View {
    view! { input(r#type="hidden", name=name, value=value) }
}

/// The Idempotency-Key of a form that may get another one in place.
pub(crate) fn key(form: ReadSignal<Form>) -> View {
    let key = move || form.with(|form| form.key.clone());
    view! { input(r#type="hidden", name="key", value=key) }
}

/// A hidden field that goes back as the server has filled it.
pub(crate) fn kept(form: ReadSignal<Form>, name: &'static str) -> View {
    let value = move || form.with(|form| form.value(name).to_owned());
    view! { input(r#type="hidden", name=name, value=value) }
}

/// A button that sends its form. While the form with `action` is under way, it cannot be pressed
/// and says `doing`.
pub(crate) fn submit(shop: Shop, action: &str, label: String, doing: &'static str) -> View {
    let sent = shop.is_sent(action.to_owned());
    let text = words(move || if sent.get() { doing.to_owned() } else { label.clone() });
    view! {
        button(
            class="button",
            r#type="submit",
            disabled=move || sent.get(),
            aria-busy=move || sent.get().then_some("true"),
        ) { (text) }
    }
}

/// All that is wrong with a form, at once, with links to its fields; it takes the focus.
pub(crate) fn summary(form: ReadSignal<Form>) -> View {
    let errors = watch(move || form.with(|form| form.errors.clone()));
    dynamic(move || {
        let errors = errors.get_clone();
        if errors.is_empty() {
            return View::new();
        }
        // Where the page is loaded with it; later, the browser moves the focus itself.
        let loads = is_hydrating();
        let title = match errors.iter().filter(|error| error.field.is_some()).count() {
            0 => "That did not work",
            1 => "One thing to mend",
            _ => "A few things to mend",
        };
        let lines: Vec<View> = errors.into_iter().map(line).collect();
        view! {
            div(id="summary", class="summary", role="alert", tabindex="-1", autofocus=loads) {
                h2 { (title) }
                ul { (lines) }
            }
        }
    })
}

fn line(error: FieldError) -> View {
    let FieldError { field, message } = error;
    match field {
        Some(field) => {
            let href = format!("#{field}");
            view! { li { a(href=href) { (message) } } }
        }
        None => view! { li { (message) } },
    }
}
