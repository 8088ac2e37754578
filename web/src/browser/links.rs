//! Links within the shop, without a reload.

use wasm_bindgen::JsCast;
use web_sys::{
    Event, FocusEvent, HtmlAnchorElement, HtmlDetailsElement, HtmlElement, KeyboardEvent,
    MouseEvent, Node,
};

use super::travel::{Way, go};
use super::{Browser, copy, dom};

pub(crate) fn follow(browser: &Browser) {
    let browser = browser.clone();
    dom::listen(&dom::document(), "click", move |event: MouseEvent| {
        close_others(&event);
        if let Some(button) = dom::origin::<HtmlElement>(&event, "[data-copy]") {
            copy::copy(&button);
        }
        if let Some(link) = dom::origin::<HtmlAnchorElement>(&event, "a[href]") {
            clicked(&browser, &event, &link);
        }
    });
    dom::listen(&dom::document(), "focusin", |event: FocusEvent| close_others(&event));
    dom::listen(&dom::document(), "keydown", |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close_open();
        }
    });
}

fn clicked(browser: &Browser, event: &MouseEvent, link: &HtmlAnchorElement) {
    let with_key = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
    if event.default_prevented() || event.button() != 0 || with_key {
        return;
    }
    let href = link.get_attribute("href").unwrap_or_default();
    if let Some(id) = href.strip_prefix('#') {
        // Into this page: the focus goes along, the address stays.
        if dom::focus(id) {
            event.prevent_default();
        }
        return;
    }
    let leads_away = link.has_attribute("download")
        || !link.target().is_empty()
        || !href.starts_with('/')
        || href.starts_with("//")
        || href.starts_with("/assets/")
        || href.starts_with("/api/");
    if !leads_away {
        event.prevent_default();
        close_open();
        let turns = matches!(&*link.rel(), "next" | "prev");
        go(browser, href, if turns { Way::Turn } else { Way::Forth });
    }
}

/// Closes the menus in which the click was not, or the focus is not any more.
fn close_others(event: &Event) {
    let target: Option<Node> = event.target().and_then(|target| target.dyn_into().ok());
    for menu in open_menus(".menu[open]") {
        if !menu.contains(target.as_ref()) {
            menu.set_open(false);
        }
    }
}

/// Closes what is unfolded, and gives the focus back to what unfolded it.
fn close_open() {
    for menu in open_menus("[data-closes][open]") {
        let inside =
            dom::document().active_element().is_some_and(|focus| menu.contains(Some(&focus)));
        menu.set_open(false);
        if let (true, Ok(Some(summary))) = (inside, menu.query_selector("summary"))
            && let Some(summary) = summary.dyn_ref::<HtmlElement>()
        {
            let _ = summary.focus();
        }
    }
}

fn open_menus(selector: &str) -> Vec<HtmlDetailsElement> {
    let Ok(found) = dom::document().query_selector_all(selector) else { return Vec::new() };
    let menus = (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok());
    menus.collect()
}
