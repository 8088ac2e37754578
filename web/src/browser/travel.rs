//! From page to page: state, address, history, title, scroll and focus.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, HtmlSelectElement, PopStateEvent, ScrollRestoration};

use super::{Browser, clock, dom, fields, filters, net, passkey, stripe};
use crate::app::{full_title, identity};
use crate::shop::Pending;
use crate::state::{Answer, Drawn, Notice, Page, State, Tone};

/// After how many milliseconds of waiting a page says that it waits.
const PATIENCE: i32 = 150;
/// How many times an answer may lead on.
const MOST_HOPS: usize = 5;

/// How one gets to a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// By a link: a new entry in the history, and the page from its top.
    Forth,
    /// To another page of the same list: a new entry in the history, and the list from its top.
    Turn,
    /// In place of the page that one is on.
    Instead,
    /// Through the history, to where one had scrolled.
    Back(f64),
    /// The same page, as it is now; nobody asked for it.
    Quietly,
}

/// Goes to `address`.
pub(crate) fn go(browser: &Browser, address: String, way: Way) {
    if matches!(way, Way::Forth | Way::Turn | Way::Instead)
        && browser.is_bound()
        && !is_here(&address)
    {
        // Fetched in place, the page would be fetched twice, and its notice lost.
        let _ = dom::window().location().assign(&address);
        return;
    }
    let browser = browser.clone();
    let journey = browser.set_out();
    browser.0.wanted.set(way != Way::Quietly);
    spawn_local(async move {
        browser.say_if_slow(journey, way);
        let answer = walk(&address).await;
        if browser.0.journey.get() != journey {
            return;
        }
        match answer {
            Ok((state, address)) => browser.arrive(*state, Some(&address), way),
            // The browser says best what is wrong with the line, or shows what is no page of ours.
            Err(_) if way != Way::Quietly => {
                browser.0.wanted.set(false);
                let _ = dom::window().location().assign(&address);
            }
            Err(_) => browser.shop().loading.set(false),
        }
    });
}

/// The page at `address`, and where it was in the end.
async fn walk(address: &str) -> Result<(Box<State>, String), net::Lost> {
    let mut address = address.to_owned();
    for _ in 0..MOST_HOPS {
        match net::get(&address).await? {
            Answer::Show(state) => return Ok((state, address)),
            Answer::Go(next) => address = next,
        }
    }
    Err(net::Lost)
}

impl Browser {
    /// Begins a journey: those before it come to nothing.
    pub(crate) fn set_out(&self) -> u32 {
        self.shop().loading.set(false);
        self.0.wanted.set(false);
        let journey = self.0.journey.get().wrapping_add(1);
        self.0.journey.set(journey);
        journey
    }

    pub(super) fn say_if_slow(&self, journey: u32, way: Way) {
        if way == Way::Quietly {
            return;
        }
        let browser = self.clone();
        dom::after(PATIENCE, move || {
            if browser.0.journey.get() == journey {
                browser.shop().loading.set(true);
            }
        });
    }

    /// Shows `state`, which is at `address`; where none is given, at its own.
    pub(crate) fn arrive(&self, state: State, address: Option<&str>, way: Way) {
        let shop = self.shop();
        // Nothing that was under way before may come after this.
        self.set_out();
        if self.is_bound() != has_script(&state.page) {
            // Only a new document has this page's headers: the camera is a door's alone.
            let _ = dom::window().location().assign(address.unwrap_or(&state.here));
            return;
        }
        let is_other = shop.state.with(|old| identity(&old.page) != identity(&state.page));
        let (title, here) = (state.title.clone(), state.here.clone());
        record(address.unwrap_or(&here), &here, way);
        self.show(state, way);
        dom::document().set_title(&full_title(&title));
        filters::fill(self);
        fields::prefill(self);
        stripe::mount(self);
        passkey::offer(self);
        settle(&title, is_other, way);
        if !is_other && way != Way::Quietly {
            filters::count(self);
        }
        dom::tell("shop:page");
    }

    /// Tells whether the page that is shown has its document for itself.
    fn is_bound(&self) -> bool {
        self.shop().state.with_untracked(|state| has_script(&state.page))
    }

    fn show(&self, mut state: State, way: Way) {
        let shop = self.shop();
        if way == Way::Quietly && state.notice.is_none() {
            // What stands there answers what the visitor did, such as a lost race: news must not wipe it
            // unread.
            let told =
                |old: &State| repriced(&old.page, &state.page).or_else(|| old.notice.clone());
            state.notice = shop.state.with_untracked(told);
        }
        let is_same = shop.state.with_untracked(|old| identity(&old.page) == identity(&state.page));
        let chosen = dom::by_id("quantity").and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
        let chosen = chosen.filter(|_| is_same).map(|select| select.value());
        let focus = dom::document().active_element().map(|element| element.id());
        self.0.came.set(js_sys::Date::now());
        self.at_once(|| {
            shop.now.set(state.now);
            if way != Way::Quietly {
                shop.findings.update(|findings| findings.clear());
                shop.pending.set(Pending::Nothing);
            }
            shop.state.set(state);
        });
        clock::tick(self);
        keep_focus(focus);
        keep_chosen(chosen);
    }
}

/// Returns what to say where a listing has another price than a moment ago.
fn repriced(old: &Page, new: &Page) -> Option<Notice> {
    let (Page::Ticket(old), Page::Ticket(new)) = (old, new) else { return None };
    let is_news = old.card.id == new.card.id && old.seen != new.seen;
    let text =
        format!("The seller changed the price from {} to {}.", old.card.price, new.card.price);
    is_news.then_some(Notice { tone: Tone::Bad, text })
}

/// Chooses the same number of tickets as before, where that many can still be had.
fn keep_chosen(chosen: Option<String>) {
    let select = dom::by_id("quantity").and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
    let (Some(chosen), Some(select)) = (chosen, select) else { return };
    let before = select.value();
    select.set_value(&chosen);
    if select.selected_index() < 0 {
        select.set_value(&before);
    }
}

/// Tells whether a page needs a script besides the shop's, and so a document of its own.
fn has_script(page: &Page) -> bool {
    matches!(page, Page::Drawn(Drawn { script: Some(_), .. }))
}

/// What was drawn anew gives the focus back to its like.
fn keep_focus(id: Option<String>) {
    let Some(id) = id.filter(|id| !id.is_empty()) else { return };
    let lost = dom::document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    if lost {
        dom::focus(&id);
    }
}

/// Where the eyes, the focus and the ears go after an arrival.
fn settle(title: &str, is_other: bool, way: Way) {
    if way != Way::Quietly && (dom::focus("summary") || dom::focus("question")) {
        return;
    }
    if !is_other {
        match way {
            Way::Turn => to_list(),
            Way::Back(scroll) => scroll_to(scroll),
            Way::Forth | Way::Instead | Way::Quietly => {}
        }
        return;
    }
    dom::announce(title);
    match way {
        Way::Back(scroll) => scroll_to(scroll),
        Way::Forth | Way::Turn | Way::Instead | Way::Quietly => scroll_to(0.0),
    }
    // A door's field is ready for the next code.
    if dom::focus("code") {
        return;
    }
    if let Ok(Some(heading)) = dom::document().query_selector("main h1") {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        if let Some(heading) = heading.dyn_ref::<HtmlElement>() {
            let _ = heading.focus_with_options(&options);
        }
    }
}

/// Moves window and focus to the beginning of the page's list.
fn to_list() {
    let Some(list) = dom::by_id("list") else { return scroll_to(0.0) };
    dom::focus("list");
    // Below the head, by the style sheet's `scroll-padding-top`.
    list.scroll_into_view();
}

fn scroll_to(top: f64) {
    let options = web_sys::ScrollToOptions::new();
    options.set_top(top);
    options.set_behavior(web_sys::ScrollBehavior::Instant);
    dom::window().scroll_to_with_scroll_to_options(&options);
}

/// Writes `address` into the history. What leads on to another page is known by that one's own.
fn record(address: &str, here: &str, way: Way) {
    let Ok(history) = dom::window().history() else { return };
    let address = if path_of(address) == path_of(here) { address } else { here };
    let is_here = current() == address;
    let _ = match way {
        Way::Forth | Way::Turn if !is_here => {
            let _ = history.replace_state(&scrolled(), "");
            history.push_state_with_url(&JsValue::from_f64(0.0), "", Some(address))
        }
        Way::Forth | Way::Turn | Way::Back(_) if is_here => Ok(()),
        _ => history.replace_state_with_url(&scrolled(), "", Some(address)),
    };
}

fn path_of(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// Tells whether `address` is of the page that the window shows.
fn is_here(address: &str) -> bool {
    path_of(address) == path_of(&current())
}

/// The address that the window shows: path and query.
pub(crate) fn current() -> String {
    let location = dom::window().location();
    let path = location.pathname().unwrap_or_default();
    path + &location.search().unwrap_or_default()
}

fn scrolled() -> JsValue {
    JsValue::from_f64(dom::window().scroll_y().unwrap_or_default())
}

/// Takes the history over.
pub(crate) fn remember(browser: &Browser) {
    if let Ok(history) = dom::window().history() {
        let _ = history.set_scroll_restoration(ScrollRestoration::Manual);
        // After a reload, the window is where it was.
        if let Ok(state) = history.state()
            && let Some(top) = state.as_f64()
        {
            scroll_to(top);
        }
    }
    dom::listen(&dom::window(), "pagehide", |_: web_sys::Event| {
        if let Ok(history) = dom::window().history() {
            let _ = history.replace_state(&scrolled(), "");
        }
    });
    let browser = browser.clone();
    dom::listen(&dom::window(), "popstate", move |event: PopStateEvent| {
        let scroll = event.state().as_f64().unwrap_or_default();
        go(&browser, current(), Way::Back(scroll));
    });
}
