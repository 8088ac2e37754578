//! `/door/{listing}`: who comes in. The server alone draws it; a module of its own (`web/door`) gives
//! it the camera and the sound.

use boxoffice_contract::door::Verdict;
use boxoffice_contract::{ScanId, StaffId, TicketId};
use boxoffice_door::words::Tone;
use sycamore::prelude::*;

use crate::app::encoded;
use crate::drawn::{Shape, copied, draw, saved, shape, with_script};
use crate::isolated;
use crate::parts::{
    self, Control, Field, Need, field, hidden, key, moment, numbered, submit, summary, way,
};
use crate::shop::Shop;
use crate::state::{Form, Moment, State};

/// The door of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// The listing.
    pub ticket: TicketId,
    /// Its title.
    pub title: String,
    /// When the event begins.
    pub when: Option<Moment>,
    /// How many people are in.
    pub inside: i64,
    /// How many may come in all.
    pub of: i64,
    /// `door`, the door's name, and `code`.
    pub scan: Form,
    /// What the last scan came to.
    pub seen: Option<Seen>,
    /// The last entry that can be undone: the scan, and the key of the form that undoes it.
    pub last: Option<(ScanId, String)>,
    /// The links for staff, for the organizer.
    pub staff: Option<Staff>,
    /// IANA name of the venue's time zone.
    pub zone: Option<String>,
    /// Whether guests give their names, by which the door finds them.
    pub asks_names: bool,
    /// Whom doors let in by themselves, and the shop would have refused; for the organizer.
    pub doubles: Option<Vec<Double>>,
    /// Whether the codes of its tickets turn.
    pub turns: bool,
    /// The address of the script that starts the door's module.
    pub script: String,
}

/// What a scan came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it came to; `None` for a word of a newer service's.
    pub verdict: Option<Verdict>,
    /// Which of its order's tickets it was, and how many there are.
    pub ticket: Option<(i64, i64)>,
    /// The name of the guest.
    pub name: Option<String>,
    /// When somebody entered with it before, and by which door.
    pub first: Option<(Moment, String)>,
}

/// Somebody whom a door let in by itself, and whom the shop would have refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Double {
    /// What people call the order.
    pub order: String,
    /// Which of its order's tickets it was, and how many there are.
    pub ticket: (i64, i64),
    /// The name of the guest.
    pub name: Option<String>,
    /// When and where the door let them in.
    pub entry: (Moment, String),
    /// When and where somebody else entered.
    pub first: Option<(Moment, String)>,
    /// Why the shop would have refused; `None` for a word of a newer service's.
    pub verdict: Option<Verdict>,
}

/// The links by which staff reach a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The form that makes one: `name`.
    pub form: Form,
    /// Those that work.
    pub links: Vec<Link>,
}

/// A link by which staff reach a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The link's id.
    pub id: StaffId,
    /// Whom or which door it is for.
    pub name: String,
    /// The address to hand on.
    pub address: String,
    /// When it stops working.
    pub until: Moment,
    /// The key of the form that ends it.
    pub key: String,
}

/// Returns `state` with the page of this door on it. Its title says what the last scan came to.
#[must_use]
pub fn drawn(state: State, door: Door) -> State {
    let key = door.scan.key.clone();
    let said = door.seen.as_ref().map(|seen| words(seen.verdict).1.to_owned());
    let title = said.unwrap_or_else(|| format!("Door of “{}”", isolated(&door.title)));
    let script = door.script.clone();
    with_script(draw(State { title, ..state }, key, move |shop| page(shop, door)), script)
}

/// Returns `state` with a page on it that says why somebody cannot use this door.
#[must_use]
pub fn closed(state: State, key: String, why: String) -> State {
    draw(state, key, move |shop| {
        let (here, visitor) =
            shop.state.with_untracked(|state| (state.here.clone(), state.visitor.clone()));
        let sign_in = match visitor {
            Some(visitor) => view! { p { "You are signed in as " strong { (visitor.email) } "." } },
            None => {
                let way = way("button", format!("/sign-in?next={}", encoded(&here)), "Sign in");
                view! { p(class="actions") { (way) } }
            }
        };
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "This door is not yours" }
                p(class="notice") { (why) }
                (sign_in)
            }
        }
    })
}

/// Returns what a verdict looks like, and what it is called.
const fn words(verdict: Option<Verdict>) -> (Shape, &'static str, &'static str) {
    let (tone, word) = boxoffice_door::words::of(verdict);
    (shape_of(tone), word, tone.name())
}

const fn shape_of(tone: Tone) -> Shape {
    match tone {
        Tone::Good => Shape::Good,
        Tone::Due => Shape::Due,
        Tone::Bad => Shape::Bad,
    }
}

fn page(shop: Shop, door: Door) -> View {
    let Door { ticket, title, when, zone, inside, of, scan, seen, last, .. } = door;
    let Door { staff, asks_names, doubles, turns, .. } = door;
    let listing = ticket.to_string();
    let organizer = staff.is_some().then_some("");
    let (names, turns) = (asks_names.then_some(""), turns.then_some(""));
    let when = parts::when(when);
    let count = format!("{inside} of {of} are in");
    let seen = seen.map(verdict).unwrap_or_default();
    let (saved, line, camera, find) = (saved(), line(), camera(), find(asks_names));
    let doubles = doubles.map(twice).unwrap_or_default();
    let form = scanner(shop, ticket, scan);
    let undo = last.map(|(scan, key)| undo(shop, ticket, scan, key)).unwrap_or_default();
    let staff = staff.map(|staff| links(shop, ticket, staff)).unwrap_or_default();
    view! {
        div(
            class="narrow door", id="entrance", data-listing=listing, data-zone=zone,
            data-organizer=organizer, data-names=names, data-turns=turns, data-keep="",
        ) {
            (saved)
            div(class="top") {
                h1(tabindex="-1") { (title) }
                (when)
                p(class="count", id="count") { (count) }
            }
            (line)
            div(id="seen") { (seen) }
            (camera)
            (form)
            (undo)
            div(class="quietly") {
                button(class="button quiet", r#type="button", id="undo-entry", hidden=true) {
                    "Undo the last entry"
                }
            }
            (find)
            (doubles)
            (staff)
        }
    }
}

fn verdict(Seen { verdict, ticket, name, first }: Seen) -> View {
    let (mark, word, tone) = words(verdict);
    let class = format!("verdict {tone}");
    let mark = shape(mark);
    let name = parts::line("guest", name);
    let ticket = parts::line("small", ticket.map(|(number, of)| numbered(number, of)));
    let first = first.map(|(at, door)| boxoffice_door::words::first(&at.time, &door));
    let first = parts::line("first", first);
    view! {
        div(id="verdict", class=class, role="status", data-tone=tone) {
            (mark)
            div {
                p(class="word") { (word) }
                (name)
                (ticket)
                (first)
            }
        }
    }
}

/// What the door's module gives its life: the camera, and whether verdicts sound.
///
/// It says why the browser will ask, before it does.
fn camera() -> View {
    view! {
        section(id="camera", class="camera", aria-label="Camera and sound") {
            div(class="sight", data-part="sight", hidden=true) {
                video("muted"="", "playsinline"="", aria-label="What the camera sees") {}
            }
            div(class="actions") {
                button(
                    class="button quiet", r#type="button", data-part="camera",
                    aria-describedby="camera-hint",
                ) { "Scan with the camera" }
                button(
                    class="button quiet", r#type="button", data-part="light", aria-pressed="false",
                    hidden=true,
                ) { "Light" }
                label(class="switch") {
                    input(r#type="checkbox", role="switch", checked=true, data-part="sound")
                    span { "Sound" }
                }
            }
            p(class="hint", id="camera-hint") {
                "Your browser asks whether this page may use the camera. It is for reading codes alone. \
                 No picture leaves this device."
            }
            p(class="said", role="status") {}
        }
    }
}

/// The form that a hand-held scanner types into: a code, and Enter.
fn scanner(shop: Shop, ticket: TicketId, form: Form) -> View {
    let action = format!("/door/{ticket}");
    let wrong = form.error("code").map(str::to_owned);
    let class = if wrong.is_some() { "field wrong" } else { "field" };
    let invalid = wrong.is_some().then_some("true");
    let complaint = wrong.unwrap_or_default();
    let form = *create_signal(form);
    let key = key(form);
    let name = Field {
        name: "door",
        label: "This door's name",
        hint: "",
        need: Need::Must,
        control: Control::LINE,
    };
    let last = hidden("last", form.with_untracked(|form| form.value("last").to_owned()));
    let name = field(shop, form, name);
    let button = submit(shop, &action, "Check".to_owned(), "Checking…");
    view! {
        form(id="scan", class="sheet scan", method="post", action=action) {
            (key)
            (last)
            div(class=class) {
                label(r#for="code") { "Ticket code" }
                p(class="hint", id="code-hint") { "Scan the code, or type it and press Enter." }
                input(
                    id="code", name="code", r#type="text", required=true, "autofocus"="",
                    autocomplete="off", autocapitalize="off", "spellcheck"="false",
                    aria-describedby="code-hint code-error", aria-invalid=invalid,
                )
                p(class="error", id="code-error") { (complaint) }
            }
            (button)
            (name)
        }
    }
}

fn undo(shop: Shop, ticket: TicketId, scan: ScanId, key: String) -> View {
    let action = format!("/door/{ticket}/undo");
    let (key, scan) = (hidden("key", key), hidden("scan", scan.to_string()));
    let button = submit(shop, &action, "Undo the last entry".to_owned(), "Undoing…");
    view! { form(id="undo", class="quietly", method="post", action=action) { (key) (scan) (button) } }
}

/// What only a script can tell: whether there is a network, and what waits for one. It has the shapes of
/// all verdicts, which the script shows without asking anybody.
fn line() -> View {
    let shapes = [Tone::Good, Tone::Due, Tone::Bad].map(|tone| {
        let drawn = shape(shape_of(tone));
        view! { span(data-tone=tone.name()) { (drawn) } }
    });
    let shapes = Vec::from(shapes);
    view! {
        div(id="line", class="line scripted") {
            p(data-part="line", role="status") {}
            p(class="small", data-part="waiting") {}
            div(hidden=true, data-part="shapes") { (shapes) }
        }
    }
}

/// The way in for those whose phone is dead. It searches the list on the device.
fn find(asks_names: bool) -> View {
    let (label, hint, capitals) = match asks_names {
        true => (
            "Name or order number",
            "Any part of the name, or the last letters of the number, three or more.",
            "words",
        ),
        false => (
            "Order number",
            "The last letters of it, three or more. The buyer's orders say it.",
            "characters",
        ),
    };
    view! {
        section(id="find", class="sheet scripted", aria-labelledby="find-title") {
            h2(id="find-title") { "Without a code" }
            div(class="field") {
                label(r#for="order") { (label) }
                p(class="hint", id="order-hint") { (hint) }
                input(
                    id="order", r#type="text", autocomplete="off", autocapitalize=capitals,
                    "spellcheck"="false", aria-describedby="order-hint",
                )
            }
            p(class="small", role="status", data-part="count") {}
            ul(class="rows", data-part="rows") {}
        }
    }
}

/// Whom doors let in by themselves, and the shop would have refused.
fn twice(doubles: Vec<Double>) -> View {
    let nobody = doubles.is_empty();
    let rows: Vec<View> = doubles.into_iter().map(double).collect();
    view! {
        section(id="doubles", class="column", aria-labelledby="doubles-title", hidden=nobody) {
            h2(id="doubles-title") { "Let in twice while doors had no network" }
            ul(class="rows", data-part="rows") { (rows) }
        }
    }
}

fn double(double: Double) -> View {
    let Double { order, ticket: (number, of), name, entry, first, verdict } = double;
    let name = boxoffice_door::words::guest(name.as_deref(), &order, number, of);
    let said = |(at, door): (Moment, String)| boxoffice_door::words::entry(&at.time, &door);
    let entry = said(entry);
    let first = match (first, verdict) {
        (Some(first), _) => said(first),
        (None, verdict) => words(verdict).1.to_owned(),
    };
    view! {
        li(class="sheet") {
            p { strong { (name) } }
            p { (first) }
            p { (entry) }
        }
    }
}

fn links(shop: Shop, ticket: TicketId, Staff { form, links }: Staff) -> View {
    let rows: Vec<View> = links.into_iter().map(|link| row(shop, ticket, link)).collect();
    let list = if rows.is_empty() {
        View::new()
    } else {
        view! { ul(class="rows") { (rows) } }
    };
    let action = format!("/door/{ticket}/staff");
    let form = *create_signal(form);
    let (errors, key) = (summary(form), key(form));
    let name = Field {
        name: "name",
        label: "Whom it is for",
        hint: "A name, or a door such as North.",
        need: Need::Must,
        control: Control::LINE,
    };
    let name = field(shop, form, name);
    let button = submit(shop, &action, "Make a link".to_owned(), "Making the link…");
    view! {
        section(class="column", aria-labelledby="staff") {
            h2(id="staff") { "Links for your staff" }
            p { "Everybody who has such a link can let people in at this door, without an account." }
            (errors)
            (list)
            form(class="sheet", method="post", action=action, novalidate=true) {
                (key)
                (name)
                (button)
            }
        }
    }
}

fn row(shop: Shop, ticket: TicketId, Link { id, name, address, until, key }: Link) -> View {
    let action = format!("/door/{ticket}/staff/{id}/end");
    let text = copied(format!("link-{id}"), format!("Link for {name}"), address);
    let until = moment(until);
    let key = hidden("key", key);
    let button = submit(shop, &action, "End this link".to_owned(), "Ending…");
    view! {
        li(class="sheet") {
            (text)
            p(class="small") { "Works until " (until) }
            form(class="quietly", method="post", action=action) { (key) (button) }
        }
    }
}
