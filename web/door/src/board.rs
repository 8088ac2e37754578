//! What the page shows of a door: the verdict, the counts, the line, the queue, who was found.

use boxoffice_contract::Timestamp;
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::{Counts, Double, Entry, Guest, Verdict};
use boxoffice_door::words::{self, Tone};
use boxoffice_web_dom as dom;
use js_sys::{Array, Date, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Element, FocusOptions, HtmlElement, HtmlInputElement, ScrollIntoViewOptions,
    ScrollLogicalPosition,
};

/// What is shown of a scan.
pub(crate) struct Seen {
    pub(crate) tone: Tone,
    pub(crate) word: String,
    /// The guest's name.
    pub(crate) name: Option<String>,
    /// Smaller words below it.
    pub(crate) lines: Vec<String>,
}

/// The page of one door.
pub(crate) struct Board {
    /// The venue's time zone, in which times are written.
    zone: Option<String>,
    /// Whether guests give their names.
    asks_names: bool,
}

impl Board {
    pub(crate) const fn new(zone: Option<String>, asks_names: bool) -> Self {
        Self { zone, asks_names }
    }

    /// Shows what a scan came to, in word, shape and colour.
    pub(crate) fn show(&self, seen: &Seen) {
        let tone = seen.tone.name();
        let Some(verdict) = dom::make("div", &format!("verdict {tone}"), "") else { return };
        let _ = verdict.set_attribute("id", "verdict");
        let _ = verdict.set_attribute("data-tone", tone);
        let _ = verdict.set_attribute("role", "status");
        if let Some(shape) = shape(seen.tone) {
            append(&verdict, Some(shape));
        }
        let Some(text) = dom::make("div", "", "") else { return };
        append(&text, dom::make("p", "word", &seen.word));
        append(&text, seen.name.as_deref().and_then(|name| dom::make("p", "guest", name)));
        for line in &seen.lines {
            append(&text, dom::make("p", "first", line));
        }
        append(&verdict, Some(text));
        replace("seen", verdict.clone());
        into_view(&verdict);
        dom::document().set_title(&format!("{} · Boxoffice", seen.word));
    }

    /// Says that something else was done.
    pub(crate) fn say(&self, text: &str) {
        let Some(notice) = dom::make("p", "notice good", text) else { return };
        let _ = notice.set_attribute("role", "status");
        replace("seen", notice);
    }

    /// Shows how many are in.
    pub(crate) fn count(&self, counts: Counts) {
        let Counts { valid, used } = counts;
        set("count", &format!("{used} of {} are in", used.saturating_add(valid)));
    }

    /// Shows whether there is a network, and how many tasks wait for one.
    pub(crate) fn line(&self, text: &str, is_online: bool, waiting: usize) {
        let Some(line) = dom::by_id("line") else { return };
        let _ = line.set_attribute("data-online", if is_online { "yes" } else { "no" });
        let _ = line.class_list().add_1("ready");
        set_part(&line, "line", text);
        // A saved page says so until it is as good as one from the shop.
        if let Some(saved) = element("saved").filter(|_| is_online) {
            saved.set_hidden(true);
        }
        let waiting = match waiting {
            0 => String::new(),
            1 => "1 scan waits to be sent".to_owned(),
            many => format!("{many} scans wait to be sent"),
        };
        set_part(&line, "waiting", &waiting);
    }

    /// Offers to take the last entry back, or does not.
    pub(crate) fn offer_undo(&self, is_offered: bool) {
        if let Some(button) = element("undo-entry") {
            button.set_hidden(!is_offered);
        }
        // The server's own is of an entry before this one.
        if is_offered && let Some(form) = element("undo") {
            form.set_hidden(true);
        }
    }

    /// Shows the guests that were found, each with a button that carries the admission's id.
    pub(crate) fn list(&self, found: &[Guest], typed: &str) {
        let Some(find) = dom::by_id("find") else { return };
        let _ = find.class_list().add_1("ready");
        let nothing = !typed.trim().is_empty() && found.is_empty();
        let nobody = match self.asks_names {
            true => "No guest has such a name, and no order ends so.",
            false => "No order ends so.",
        };
        set_part(&find, "count", if nothing { nobody } else { "" });
        let rows: Vec<Element> = found.iter().filter_map(|guest| self.row(guest)).collect();
        fill(&find, &rows);
    }

    fn row(&self, guest: &Guest) -> Option<Element> {
        let row = dom::make("li", "sheet", "")?;
        let name = guest.name.as_deref();
        let name = words::guest(name, &guest.order, guest.number, guest.of);
        let head = dom::make("p", "", "")?;
        append(&head, dom::make("strong", "", &name));
        append(&row, Some(head));
        match guest.status.known() {
            Some(AdmissionStatus::Valid) => {
                let button = dom::make("button", "button", "Let in")?;
                let _ = button.set_attribute("type", "button");
                let _ = button.set_attribute("data-admission", &guest.id.to_string());
                let _ = button.set_attribute("aria-label", &format!("Let in: {name}"));
                append(&row, Some(button));
            }
            Some(AdmissionStatus::Used) => {
                let entry = guest.entry.as_ref().map(|entry| self.entry(entry));
                let (_, used) = words::of(Some(Verdict::Used));
                append(&row, dom::make("p", "", &entry.unwrap_or_else(|| used.to_owned())));
            }
            Some(AdmissionStatus::Offered) => {
                append(&row, dom::make("p", "", words::of(Some(Verdict::Offered)).1));
            }
            _ => append(&row, dom::make("p", "", words::of(Some(Verdict::Void)).1)),
        }
        Some(row)
    }

    /// Shows whom doors let in by themselves, and the shop would have refused.
    pub(crate) fn doubles(&self, doubles: &[Double]) {
        let Some(section) = element("doubles") else { return };
        section.set_hidden(doubles.is_empty());
        let rows: Vec<Element> = doubles.iter().filter_map(|double| self.double(double)).collect();
        fill(&section, &rows);
    }

    fn double(&self, double: &Double) -> Option<Element> {
        let row = dom::make("li", "sheet", "")?;
        let head = dom::make("p", "", "")?;
        let name = double.name.as_deref();
        let name = words::guest(name, &double.order, double.number, double.of);
        append(&head, dom::make("strong", "", &name));
        let first = match &double.first {
            Some(first) => self.entry(first),
            None => words::of(double.verdict.known()).1.to_owned(),
        };
        append(&row, Some(head));
        append(&row, dom::make("p", "", &first));
        append(&row, dom::make("p", "", &self.entry(&double.entry)));
        Some(row)
    }

    /// Says in place of the form that this device may not use the door any more.
    pub(crate) fn close(&self, waiting: usize) {
        for id in ["scan", "undo", "undo-entry", "find", "camera", "doubles"] {
            if let Some(part) = dom::by_id(id) {
                part.remove();
            }
        }
        self.line("This door is closed to this device.", false, waiting);
        let text = "Sign in, or open a new link to this door. What waits is sent then.";
        if let Some(notice) = dom::make("p", "notice bad", text) {
            let _ = notice.set_attribute("role", "alert");
            replace("seen", notice);
        }
    }

    /// When and where somebody entered.
    pub(crate) fn entry(&self, entry: &Entry) -> String {
        words::entry(&self.time(entry.at), &entry.door)
    }

    /// When and where somebody entered before.
    pub(crate) fn first(&self, entry: &Entry) -> String {
        words::first(&self.time(entry.at), &entry.door)
    }

    /// The time of day at the venue.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53 milliseconds")]
        let date = Date::new(&JsValue::from_f64(at.as_millis() as f64));
        let options = Object::new();
        for (name, value) in [("hour", "2-digit"), ("minute", "2-digit")] {
            let _ = Reflect::set(&options, &name.into(), &value.into());
        }
        if let Some(zone) = &self.zone {
            let _ = Reflect::set(&options, &"timeZone".into(), &zone.as_str().into());
        }
        let locale = dom::window().navigator().language().unwrap_or_default();
        String::from(date.to_locale_string(&locale, &options))
    }
}

/// The field that codes are typed into, ready for the next one.
pub(crate) fn ready() {
    if let Some(field) = field("code") {
        field.set_value("");
        // The field would scroll the last verdict away.
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = field.focus_with_options(&options);
    }
}

/// Scrolls no further than it takes to see the whole of `element`.
fn into_view(element: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// What the field `id` holds.
pub(crate) fn value(id: &str) -> String {
    field(id).map(|field| field.value()).unwrap_or_default()
}

pub(crate) fn field(id: &str) -> Option<HtmlInputElement> {
    dom::by_id(id)?.dyn_into().ok()
}

fn element(id: &str) -> Option<HtmlElement> {
    dom::by_id(id)?.dyn_into().ok()
}

/// The shape of a tone, as the server has drawn it.
fn shape(tone: Tone) -> Option<Element> {
    let line = dom::by_id("line")?;
    let selector = format!("[data-part=shapes] [data-tone={}] > *", tone.name());
    let drawn: Element = dom::within(&line, &selector)?;
    drawn.clone_node_with_deep(true).ok()?.dyn_into().ok()
}

fn append(parent: &Element, child: Option<Element>) {
    if let Some(child) = child {
        let _ = parent.append_child(&child);
    }
}

fn replace(id: &str, child: Element) {
    if let Some(parent) = dom::by_id(id) {
        parent.replace_children_with_node_1(&child);
    }
}

fn fill(section: &Element, rows: &[Element]) {
    if let Some(list) = dom::within::<Element>(section, "[data-part=rows]") {
        let rows: Array = rows.iter().collect();
        list.replace_children_with_node(&rows);
    }
}

fn set(id: &str, text: &str) {
    if let Some(element) = dom::by_id(id) {
        write(&element, text);
    }
}

fn set_part(whole: &Element, part: &str, text: &str) {
    if let Some(element) = dom::within::<Element>(whole, &format!("[data-part={part}]")) {
        write(&element, text);
    }
}

/// Writes a text, unless it is there: it would be said aloud again.
fn write(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}
