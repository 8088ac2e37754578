//! A form that ends something.

use sycamore::prelude::*;

use super::form::submit;
use crate::shop::Shop;

/// A form that ends something, and what is asked before it is sent, where it can be.
pub(crate) struct Ending {
    /// Where it is sent.
    pub(crate) action: String,
    /// What is in it: its key, and fields if it has any.
    pub(crate) inside: View,
    /// What its button says, and what while it is under way.
    pub(crate) button: (&'static str, &'static str),
    /// What is asked, what would follow, and the answer that has it sent.
    pub(crate) question: [&'static str; 3],
}

/// The form.
pub(crate) fn ending(shop: Shop, form: Ending) -> View {
    let Ending { action, inside, button: (label, doing), question: [question, text, yes] } = form;
    let button = submit(shop, &action, label.to_owned(), doing);
    view! {
        form(
            class="ending",
            method="post",
            action=action,
            data-confirm=question,
            data-text=text,
            data-yes=yes,
        ) {
            (inside)
            (button)
        }
    }
}
