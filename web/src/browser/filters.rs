//! Filters that apply as one types.

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlFormElement, HtmlInputElement, HtmlSelectElement, UrlSearchParams};

use super::travel::{Way, current, go};
use super::{Browser, dom, forms};
use crate::state::Page;

/// For how many milliseconds one has to pause in typing.
const PAUSE: i32 = 300;

pub(crate) fn apply(browser: &Browser) {
    let typed = browser.clone();
    dom::listen(&dom::document(), "input", move |event: Event| {
        if let Some(form) = dom::origin::<HtmlFormElement>(&event, "#filters") {
            // What is on its way answers what was typed before.
            let journey = typed.set_out();
            typed.0.wanted.set(true);
            let browser = typed.clone();
            dom::after(PAUSE, move || {
                if browser.0.journey.get() == journey {
                    filter(&browser, &form, Way::Instead);
                }
            });
        }
    });
    let chosen = browser.clone();
    dom::listen(&dom::document(), "change", move |event: Event| {
        if let Some(form) = dom::origin::<HtmlFormElement>(&event, "#filters") {
            filter(&chosen, &form, Way::Forth);
        }
    });
}

fn filter(browser: &Browser, form: &HtmlFormElement, way: Way) {
    let address = address(form);
    if address != current() {
        go(browser, address, way);
    }
}

/// Where a form that only asks leads: without what was left empty.
pub(crate) fn address(form: &HtmlFormElement) -> String {
    let path = form.get_attribute("action").unwrap_or_default();
    let query = forms::params(form).and_then(|params| filled(&params)).unwrap_or_default();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

fn filled(params: &UrlSearchParams) -> Option<String> {
    let filled = UrlSearchParams::new().ok()?;
    for entry in js_sys::try_iter(params).ok()?? {
        let pair: js_sys::Array = entry.ok()?.unchecked_into();
        let (name, value) = (pair.get(0).as_string()?, pair.get(1).as_string()?);
        if !value.trim().is_empty() {
            filled.append(&name, value.trim());
        }
    }
    Some(String::from(filled.to_string()))
}

/// Fills the filters in as the state has them, where one is not just writing.
pub(crate) fn fill(browser: &Browser) {
    let filters = browser.shop().state.with_untracked(|state| match &state.page {
        Page::Browse(browse) => Some(browse.filters.clone()),
        _ => None,
    });
    let (Some(filters), Some(form)) = (filters, dom::by_id("filters")) else { return };
    let focus = dom::document().active_element();
    for name in ["q", "city", "from", "to", "maxPrice", "sort"] {
        let Ok(Some(control)) = form.query_selector(&format!("[name={name}]")) else { continue };
        if focus.as_ref() == Some(&control) {
            continue;
        }
        if let Some(input) = control.dyn_ref::<HtmlInputElement>() {
            input.set_value(filters.value(name));
        } else if let Some(select) = control.dyn_ref::<HtmlSelectElement>() {
            select.set_value(filters.value(name));
        }
    }
}

/// Says how much was found.
pub(crate) fn count(browser: &Browser) {
    let count = browser.shop().state.with_untracked(|state| match &state.page {
        Page::Browse(browse) => Some(browse.cards.len()),
        _ => None,
    });
    match count {
        None => {}
        Some(0) => dom::announce("No tickets match"),
        Some(1) => dom::announce("1 ticket"),
        Some(count) => dom::announce(&format!("{count} tickets")),
    }
}
