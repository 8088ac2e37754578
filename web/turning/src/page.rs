//! The ticket's page: draws the code of each moment, or says when there is one.

use std::cell::RefCell;
use std::rc::Rc;

use boxoffice_admission_code::qr::Qr;
use boxoffice_admission_code::turning::SLOT_SECONDS;
use boxoffice_admission_code::{Slot, Turning};
use boxoffice_contract::Timestamp;
use boxoffice_web_dom as dom;
use web_sys::{Element, HtmlElement};

use crate::clock;

/// How often the clock is looked at, in milliseconds.
const BEAT: i32 = 250;

/// What is on the page: the element, and the slot that it was drawn for.
type Drawn = Option<(Element, Slot)>;

/// Draws the code now, and each time that another one counts, as long as the page lives. The shop's
/// module may put another ticket in the place of this one: the element is looked for each time.
pub(crate) fn watch() {
    let ahead = ahead();
    let drawn = Rc::new(RefCell::new(Drawn::None));
    let look = move || draw(Timestamp::from_millis(dom::now() + ahead), &drawn);
    look();
    // Timers stand still while nobody sees the page. The old code must not be seen even for a moment.
    let seen = look.clone();
    dom::listen(&dom::document(), "visibilitychange", move |_| seen());
    dom::every(BEAT, look);
}

/// Returns by how many milliseconds the shop's clock is ahead of this device's.
fn ahead() -> i64 {
    let is_saved =
        dom::document().document_element().is_some_and(|html| html.has_attribute("data-saved"));
    let page = dom::by_id("turning").and_then(|page| page.get_attribute("data-now")?.parse().ok());
    let ahead = clock::ahead(page.filter(|_| !is_saved), dom::now(), dom::clock_ahead());
    dom::remember_clock(ahead);
    ahead
}

/// Draws the code of the time `now`, unless that is on the page.
fn draw(now: Timestamp, drawn: &RefCell<Drawn>) {
    let Some(page) = dom::by_id("turning") else { return };
    let slot = Slot::at(now);
    let (is_same, is_drawn) = drawn.borrow().as_ref().map_or((false, false), |(element, at)| {
        (*element == page, *element == page && *at == slot)
    });
    if is_drawn {
        return;
    }
    let attribute = |name| page.get_attribute(name).unwrap_or_default();
    let turning = Turning::from_parts(&attribute("data-token"), &attribute("data-seed"));
    let Some(turning) = turning else { return };
    let (opens, closes) = turning.window();
    let code = turning.code(slot).and_then(|text| Qr::encode(&text).ok());
    show("turning-early", slot < opens);
    show("turning-late", slot >= closes);
    show("turning-code", code.is_some());
    if let Some(code) = code {
        picture(&page, &code);
    }
    if !is_same {
        run(&page, slot, now);
    }
    drawn.replace(Some((page, slot)));
}

fn show(id: &str, is_shown: bool) {
    if let Some(part) = dom::by_id(id) {
        // It fails only for a name that is no attribute's.
        let _ = part.toggle_attribute_with_force("hidden", !is_shown);
    }
}

/// Draws the code in place of the one before it.
fn picture(page: &Element, code: &Qr) {
    let set = |selector: &str, name: &str, value: &str| {
        if let Some(part) = dom::within::<Element>(page, selector) {
            // As above.
            let _ = part.set_attribute(name, value);
        }
    };
    set("svg", "viewBox", &code.view_box());
    set("svg path[stroke]", "d", &code.path());
}

/// Starts the bar below the code at the place that it has at the time `now`. The style sheet moves it.
fn run(page: &Element, slot: Slot, now: Timestamp) {
    let Some(bar) = dom::within::<HtmlElement>(page, ".turn span") else { return };
    let since = now.as_millis() - slot.begins().as_millis();
    let since = since.clamp(0, i64::from(SLOT_SECONDS) * 1000);
    // It fails only in a style sheet that cannot be changed.
    let _ = bar.style().set_property("animation-delay", &format!("-{since}ms"));
}
