//! News of the listings on the page, as they happen.

use boxoffice_contract::TicketId;
use sycamore::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{EventSource, MessageEvent};

use super::team::Team;
use super::{Browser, dom, refresh};
use crate::news::{Effect, TicketNews, fold, spoken, watched};
use crate::shop::watch;
use crate::state::{Page, TicketStatus};
use crate::tabs::{Tabs, Word, address};

/// How many times in a row a stream may fail before the page asks by itself.
const PATIENCE: u32 = 2;
/// How often it then asks, in milliseconds.
const POLL: i32 = 5_000;
/// The longest wait before a stream that was closed is tried again, in milliseconds.
const LONGEST: i32 = 30_000;
/// How long the leader waits for more tabs that want something, in milliseconds.
const GATHERING: i32 = 50;
/// How long a tab waits for the leader's stream before it opens its own, in milliseconds.
const ALONE: i32 = 2_000;

/// The news of the listings on the page: by a stream of one's own, or from the tab that leads.
pub(crate) struct Live {
    /// The listings of which news are wanted.
    tickets: Vec<TicketId>,
    tabs: Tabs,
    /// While somebody sees the page, and there is something to hear of.
    team: Option<Team>,
    stream: Option<Stream>,
    /// How many times a stream has failed in a row.
    failed: u32,
    /// Whether the page asks by itself.
    polls: bool,
    /// Counts openings: what is meant for a stream that has been replaced is dropped.
    opening: u32,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            tickets: Vec::new(),
            tabs: Tabs::new((js_sys::Math::random() * f64::from(u32::MAX)) as u32),
            team: None,
            stream: None,
            failed: 0,
            polls: false,
            opening: 0,
        }
    }
}

impl Live {
    fn leads(&self) -> bool {
        self.team.as_ref().is_some_and(Team::leads)
    }

    fn say(&self, word: &Word) {
        if let Some(team) = &self.team {
            team.say(word);
        }
    }

    /// Tells the other tabs what the leader has heard, if this is the leader.
    fn pass_on(&self, word: &Word) {
        if self.leads() {
            self.say(word);
        }
    }
}

type Handler = Closure<dyn FnMut(MessageEvent)>;

/// An open stream, with what it calls.
struct Stream {
    source: EventSource,
    /// What it tells of.
    tickets: Vec<TicketId>,
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
    let tickets = watch(move || shop.state.with(|state| watched(&state.page)));
    let browser = browser.clone();
    create_effect(move || {
        browser.0.live.borrow_mut().tickets = tickets.get_clone();
        reopen(&browser);
    });
}

/// Hears news again; of nothing where nobody sees the page.
pub(crate) fn reopen(browser: &Browser) {
    browser.0.live.borrow_mut().failed = 0;
    open(browser);
}

fn open(browser: &Browser) {
    let mut live = browser.0.live.borrow_mut();
    live.opening = live.opening.wrapping_add(1);
    live.stream = None;
    let tickets = live.tickets.clone();
    // Browsers open six connections to a shop at most: what nobody looks at must not take one.
    if tickets.is_empty() || !refresh::is_visible() {
        let word = live.tabs.want(Vec::new());
        live.say(&word);
        live.team = None;
        return;
    }
    let word = live.tabs.want(tickets);
    if live.team.is_none() {
        live.team = join(browser);
    }
    live.say(&word);
    let (opening, is_alone) = (live.opening, live.team.is_none());
    match is_alone {
        true => live.stream = connect(browser, live.tickets.clone(), opening),
        false if live.leads() => gather(browser, opening),
        false => wait_for_leader(browser, opening),
    }
}

fn join(browser: &Browser) -> Option<Team> {
    let (hearer, leader) = (browser.clone(), browser.clone());
    Team::join(
        move |word| {
            // What is heard may end the team, which must not be while it is heard.
            let browser = hearer.clone();
            dom::after(0, move || told(&browser, word));
        },
        move || lead(&leader),
    )
}

/// Opens the stream of all tabs, which this one leads, unless it has been opened again meanwhile.
fn gather(browser: &Browser, opening: u32) {
    let browser = browser.clone();
    dom::after(GATHERING, move || {
        let mut live = browser.0.live.borrow_mut();
        if live.opening == opening {
            live.stream = connect(&browser, live.tabs.union(), opening);
        }
    });
}

/// Opens a stream for this tab alone if the leader's does not serve it: the leader may be asleep, or
/// its stream is full.
fn wait_for_leader(browser: &Browser, opening: u32) {
    let browser = browser.clone();
    dom::after(ALONE, move || {
        let mut live = browser.0.live.borrow_mut();
        if live.opening == opening && live.stream.is_none() && !live.tabs.is_served() {
            live.stream = connect(&browser, live.tickets.clone(), opening);
        }
    });
}

/// Takes the lead: asks what everybody wants.
fn lead(browser: &Browser) {
    let mut live = browser.0.live.borrow_mut();
    if !live.leads() {
        return;
    }
    live.opening = live.opening.wrapping_add(1);
    live.stream = None;
    live.say(&Word::Ask);
    gather(browser, live.opening);
}

/// Hears what another tab says.
fn told(browser: &Browser, word: Word) {
    let mut live = browser.0.live.borrow_mut();
    let leads = live.leads();
    match word {
        Word::Wants(tab, tickets) => {
            let is_there = !tickets.is_empty();
            live.tabs.others_want(tab, tickets);
            // A stream that begins tells the newest of all: what the tab has missed is told, too.
            if leads && is_there {
                live.opening = live.opening.wrapping_add(1);
                gather(browser, live.opening);
            }
        }
        Word::Ask => live.say(&live.tabs.wants()),
        Word::Tells(tickets) if !leads => {
            live.tabs.leader_tells(tickets);
            if live.tabs.is_served() {
                live.stream = None;
                live.failed = 0;
            }
        }
        Word::Failed if !leads && live.tabs.is_served() => {
            live.tabs.leader_tells(Vec::new());
            live.failed = PATIENCE;
            drop(live);
            refresh::ask(browser);
            poll(browser);
        }
        Word::News(news) => {
            drop(live);
            heard(browser, &news);
        }
        Word::Reload => {
            drop(live);
            refresh::ask(browser);
        }
        Word::Tells(_) | Word::Failed => {}
    }
}

fn connect(browser: &Browser, tickets: Vec<TicketId>, opening: u32) -> Option<Stream> {
    let source = EventSource::new(&address(&tickets)).ok()?;
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
    on("open", |browser, _| opened(browser));
    on("ticket", |browser, event| {
        let news = event.data().as_string();
        let Some(news) = news.and_then(|text| serde_json::from_str::<TicketNews>(&text).ok())
        else {
            return;
        };
        browser.0.live.borrow().pass_on(&Word::News(news.clone()));
        heard(browser, &news);
    });
    on("reload", |browser, _| {
        browser.0.live.borrow().pass_on(&Word::Reload);
        refresh::ask(browser);
    });
    on("error", |browser, _| failed(browser));
    Some(Stream { source, tickets, _handlers: handlers })
}

fn opened(browser: &Browser) {
    let mut live = browser.0.live.borrow_mut();
    live.failed = 0;
    if let Some(stream) = &live.stream {
        live.pass_on(&Word::Tells(stream.tickets.clone()));
    }
}

fn heard(browser: &Browser, news: &TicketNews) {
    let shop = browser.shop();
    let before = shop.state.with_untracked(|state| standing(&state.page));
    let mut effect = Effect::Nothing;
    let mut page = shop.state.with_untracked(|state| state.page.clone());
    if page_knows(&page, news) {
        effect = fold(&mut page, news);
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
        browser.0.live.borrow().pass_on(&Word::Failed);
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
            live.failed >= PATIENCE && !live.tickets.is_empty()
        };
        if down {
            refresh::ask(&browser);
            poll(&browser);
        }
    });
}
