//! Pages that the server alone draws, so that shoppers do not download what few of them see.

use sycamore::prelude::*;
use sycamore::web::NoHydrate;

use crate::shop::Shop;
use crate::state::{Drawn, Page, State};

/// Returns `state` with what `page` draws on it. Two pages with the same `key` are taken for one.
pub(crate) fn draw(state: State, key: String, page: impl FnOnce(Shop) -> View + 'static) -> State {
    let shown = state.clone();
    let whole = Children::new(move || page(Shop::new(shown)));
    let html = sycamore::render_to_string(move || view! { NoHydrate(children=whole) });
    State { page: Page::Drawn(Drawn { key, html, script: None }), ..state }
}

/// Returns `state` with the address of a script that its drawn page needs besides the shop's.
pub(crate) fn with_script(mut state: State, script: String) -> State {
    if let Page::Drawn(drawn) = &mut state.page {
        drawn.script = Some(script);
    }
    state
}

/// A shape that says at a glance what words beside it say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A tick.
    Good,
    /// A triangle with an exclamation mark.
    Due,
    /// A cross.
    Bad,
}

/// Draws a shape in the colour of the text around it.
pub(crate) fn shape(shape: Shape) -> View {
    let path = match shape {
        Shape::Good => "M4 13l5 5L20 6",
        Shape::Due => "M12 3L1.5 21h21zM12 10v5m0 2.5v.5",
        Shape::Bad => "M5 5l14 14M19 5L5 19",
    };
    let svg = format!(
        "<svg viewBox=\"0 0 24 24\" focusable=\"false\"><path fill=\"none\" \
         stroke=\"currentColor\" stroke-width=\"3\" stroke-linejoin=\"round\" d=\"{path}\"/></svg>"
    );
    view! { span(class="shape", aria-hidden="true", dangerously_set_inner_html=svg) {} }
}

/// Draws the place where a page says that it is a saved one. Pages with `data-keep` are saved, and the
/// script that does so fills it in.
pub(crate) fn saved() -> View {
    view! { p(id="saved", class="notice", role="status", hidden=true) {} }
}

/// A text that is copied and sent elsewhere. Without scripts, it is selected and copied by hand.
pub(crate) fn copied(id: String, label: String, text: String) -> View {
    let (labelled, button) = (id.clone(), id.clone());
    let name = format!("Copy: {label}");
    view! {
        div(class="field") {
            label(r#for=labelled) { (label) }
            div(class="copied") {
                input(id=id, r#type="text", readonly=true, autocomplete="off", value=text)
                button(class="button quiet", r#type="button", data-copy=button, aria-label=name) { "Copy" }
            }
        }
    }
}
