//! News of the listings on the page, as they happen.

use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{EventSource, MessageEvent};

use super::{Browser, dom, refresh};
use crate::news::{Effect, TicketNews, fold, spoken, watched};
use crate::shop::watch;
use crate::state::{Page, TicketStatus};

/// How many times in a row a stream may fail before the page asks by itself.
const PATIENCE: u32 = 2;
/// How often it then asks, in milliseconds.
const POLL: i32 = 5_000;
/// The longest wait before a stream that was closed is tried again, in milliseconds.
const LONGEST: i32 = 30_000;

/// The stream of news.
#[derive(Default)]
pub(crate) struct Live {
    /// Where it is; nothing where there is nothing to hear of.
    address: String,
    stream: Option<Stream>,
    /// How many times it has failed in a row.
    failed: u32,
    /// Whether the page asks by itself.
    polls: bool,
    /// Counts openings: what is meant for a stream that has been replaced is dropped.
    opening: u32,
}

type Handler = Closure<dyn FnMut(MessageEvent)>;

/// An open stream, with what it calls.
struct Stream {
    source: EventSource,
    _handlers: Vec<Handler>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Follows the listings on the page, whichever they are.
pub(crate) fn listen(browser: &Browser) {
    let shop = browser.shop();
    let address = watch(move || shop.state.with(|state| address(&state.page)));
    let browser = browser.clone();
    create_effect(move || {
        browser.0.live.borrow_mut().address = address.get_clone();
        browser.0.live.borrow_mut().failed = 0;
        open(&browser);
    });
}

fn address(page: &Page) -> String {
    let ids: Vec<String> = watched(page).iter().map(ToString::to_string).collect();
    if ids.is_empty() {
        return String::new();
    }
    format!("/live?ticket={}", ids.join("&ticket="))
}

/// Opens the stream again; closes it where nobody sees the page.
pub(crate) fn reopen(browser: &Browser) {
    browser.0.live.borrow_mut().failed = 0;
    open(browser);
}

fn open(browser: &Browser) {
    let mut live = browser.0.live.borrow_mut();
    live.opening = live.opening.wrapping_add(1);
    live.stream = None;
    // Browsers open six connections to a shop at most: what nobody looks at must not take one.
    if !live.address.is_empty() && refresh::is_visible() {
        live.stream = connect(browser, &live.address, live.opening);
    }
}

fn connect(browser: &Browser, address: &str, opening: u32) -> Option<Stream> {
    let source = EventSource::new(address).ok()?;
    let mut handlers = Vec::new();
    let mut on = |name: &str, handler: fn(&Browser, &MessageEvent)| {
        let browser = browser.clone();
        let handler = move |event: MessageEvent| {
            // The handlers go with the stream: it must not be replaced while one of them runs.
            let browser = browser.clone();
            dom::after(0, move || {
                if browser.0.live.borrow().opening == opening {
                    handler(&browser, &event);
                }
            });
        };
        let handler = Handler::new(handler);
        let function = handler.as_ref().unchecked_ref();
        let _ = source.add_event_listener_with_callback(name, function);
        handlers.push(handler);
    };
    on("open", |browser, _| browser.0.live.borrow_mut().failed = 0);
    on("ticket", heard);
    on("reload", |browser, _| refresh::ask(browser));
    on("error", |browser, _| failed(browser));
    Some(Stream { source, _handlers: handlers })
}

fn heard(browser: &Browser, event: &MessageEvent) {
    let news = event.data().as_string();
    let Some(news) = news.and_then(|text| serde_json::from_str::<TicketNews>(&text).ok()) else {
        return;
    };
    let shop = browser.shop();
    let before = shop.state.with_untracked(|state| standing(&state.page));
    let mut effect = Effect::Nothing;
    let mut page = shop.state.with_untracked(|state| state.page.clone());
    if page_knows(&page, &news) {
        effect = fold(&mut page, &news);
    }
    if effect == Effect::Nothing {
        return;
    }
    shop.state.update(|state| state.page = page);
    let after = shop.state.with_untracked(|state| standing(&state.page));
    if let Some(sale) = after.filter(|_| before != after) {
        dom::announce(spoken(sale));
    }
    if effect == Effect::Ask {
        refresh::ask(browser);
    }
}

fn page_knows(page: &Page, news: &TicketNews) -> bool {
    watched(page).contains(&news.id)
}

/// Where the sale stands of the listing that the page is about.
fn standing(page: &Page) -> Option<TicketStatus> {
    match page {
        Page::Ticket(detail) => Some(detail.card.sale),
        _ => None,
    }
}

/// A stream that ended comes back by itself; one that was refused is tried again later. Where that
/// goes on, the page asks for its state instead, and tries the stream from time to time.
fn failed(browser: &Browser) {
    let (failed, opening, closed) = {
        let mut live = browser.0.live.borrow_mut();
        live.failed = live.failed.saturating_add(1);
        let closed = live
            .stream
            .as_ref()
            .is_some_and(|stream| stream.source.ready_state() == EventSource::CLOSED);
        (live.failed, live.opening, closed)
    };
    if failed == PATIENCE {
        // It has missed what happened since the first failure.
        refresh::ask(browser);
    }
    if failed >= PATIENCE {
        poll(browser);
    }
    if closed {
        let wait = 1_000_i32.saturating_mul(1 << failed.min(5)).min(LONGEST);
        let browser = browser.clone();
        dom::after(wait, move || {
            if browser.0.live.borrow().opening == opening {
                open(&browser);
            }
        });
    }
}

/// Asks for the page's state every few seconds, until the stream is back.
fn poll(browser: &Browser) {
    let polls = std::mem::replace(&mut browser.0.live.borrow_mut().polls, true);
    if polls {
        return;
    }
    let browser = browser.clone();
    dom::after(POLL, move || {
        let down = {
            let mut live = browser.0.live.borrow_mut();
            live.polls = false;
            live.failed >= PATIENCE && !live.address.is_empty()
        };
        if down {
            refresh::ask(&browser);
            poll(&browser);
        }
    });
}
