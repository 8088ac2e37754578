//! Decides on the codes that are held before the door.
//!
//! With a network the shop decides, if it answers within a second. Without one, the list of this device
//! does, and what it has decided is stored before anybody goes in.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use boxoffice_contract::door::{Entry, Guest, NewScans, Scan, Scanned, Verdict};
use boxoffice_contract::{AdmissionId, ScanId, TicketId, Timestamp};
use boxoffice_door::queue::Undone;
use boxoffice_door::words::{self, Tone};
use boxoffice_door::{Decided, Door, Queue, Read, wire};
use boxoffice_web_dom as dom;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;

use super::board::{self, Board, Seen};
use super::net::{self, Call, Lost};
use super::store::Store;
use super::sync;

/// How long the shop's word is waited for, in milliseconds: with a list to go by, and without.
const PATIENCE: u32 = 1_000;
const LONG_PATIENCE: u32 = 10_000;
/// How far the shop's clock and this device's may be apart before it counts, in milliseconds.
const TOLERANCE: i64 = 5_000;
/// How many guests a search shows.
const FOUND: usize = 20;
/// What a door is called until somebody names it.
const UNNAMED: &str = "Entrance";

/// Those who stand at a door, and what they have.
pub(crate) struct Desk {
    pub(crate) door: RefCell<Door>,
    pub(crate) store: OnceCell<Store>,
    pub(crate) board: Board,
    /// Who may read what is stored: the key of the form that signs out, which changes with the session.
    pub(crate) owner: String,
    pub(crate) is_organizer: bool,
    /// Whether the shop has answered the last call; unknown at first.
    pub(crate) is_online: Cell<Option<bool>>,
    /// Whether this device may not use the door any more.
    pub(crate) is_closed: Cell<bool>,
    /// Whether the list or the keys are too old for a ticket that was shown.
    pub(crate) is_stale: Cell<bool>,
    /// Whether there is something to tell now, without a pause.
    pub(crate) hurries: Cell<bool>,
    /// How many milliseconds the shop's clock is ahead of this device's.
    clock: Cell<i64>,
    /// The last entry, which can be undone.
    last: Cell<Option<(ScanId, AdmissionId)>>,
    /// The scan that the shop was asked about in vain. The same code is the same scan.
    unanswered: RefCell<Option<(Read, ScanId)>>,
    /// What waits to be decided on, in order.
    waiting: RefCell<VecDeque<Read>>,
    is_busy: Cell<bool>,
    /// Told with each verdict.
    answered: Box<dyn Fn(Tone)>,
}

/// What a scan came to.
#[derive(Default)]
struct Outcome {
    verdict: Option<Verdict>,
    ticket: Option<(i64, i64)>,
    name: Option<String>,
    first: Option<Entry>,
    /// Whether the list has decided, and not the shop.
    is_by_list: bool,
}

/// Takes the door on the page over. `answered` is told of each verdict.
///
/// Returns `None` if the page has no door.
pub(crate) fn start(answered: impl Fn(Tone) + 'static) -> Option<Rc<Desk>> {
    let page = dom::by_id("entrance")?;
    let ticket_id: TicketId = page.get_attribute("data-listing")?.parse().ok()?;
    let turns = page.has_attribute("data-turns");
    let door = Door { ticket_id, turns, list: None, verifier: None, queue: Queue::default() };
    let desk = Rc::new(Desk {
        door: RefCell::new(door),
        store: OnceCell::new(),
        board: Board::new(page.get_attribute("data-zone"), page.has_attribute("data-names")),
        owner: owner(),
        is_organizer: page.has_attribute("data-organizer"),
        is_online: Cell::new(None),
        is_closed: Cell::new(false),
        is_stale: Cell::new(false),
        hurries: Cell::new(false),
        clock: Cell::new(dom::clock_ahead()),
        last: Cell::new(None),
        unanswered: RefCell::new(None),
        waiting: RefCell::default(),
        is_busy: Cell::new(false),
        answered: Box::new(answered),
    });
    desk.clone().listen();
    spawn_local(sync::run(desk.clone()));
    Some(desk)
}

/// The mark of who is signed in, which `saved.js` reads likewise.
fn owner() -> String {
    let form = dom::document().query_selector("form[action='/sign-out'] [name=key]");
    let field = form.ok().flatten().and_then(|field| field.get_attribute("value"));
    field.unwrap_or_default()
}

impl Desk {
    /// The address of the door's part of the API, and what is below it.
    pub(crate) fn address(&self, rest: &str) -> String {
        format!("/api/door/{}{rest}", self.door.borrow().ticket_id)
    }

    /// Fills in a page that has just been drawn.
    pub(crate) fn enter(&self) {
        if let (Some(field), Some(name)) = (board::field("door"), self.remembered_name()) {
            field.set_value(&name);
        }
        self.refresh();
    }

    /// Shows how things stand.
    pub(crate) fn refresh(&self) {
        if self.is_closed.get() {
            return;
        }
        let door = self.door.borrow();
        let line = match (self.is_online.get(), &door.list) {
            (None, None) => "Loading the list…",
            (Some(true), _) => "Online",
            (None, Some(_)) => "Looking for the shop…",
            (Some(false), Some(_)) => "Offline. This door goes by its own list.",
            (Some(false), None) => "Offline, and without a list. Nobody can be checked.",
        };
        self.board.line(line, self.is_online.get() == Some(true), door.queue.len());
        self.board.offer_undo(self.last.get().is_some());
        if door.list.is_some() {
            self.board.count(door.counts());
            self.search(&door);
        }
    }

    fn search(&self, door: &Door) {
        let typed = board::value("order");
        self.board.list(&door.find(&typed, FOUND, dom::fold), &typed);
    }

    fn listen(self: Rc<Self>) {
        let desk = self.clone();
        dom::intercept("submit", move |event| {
            let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if form.is_none_or(|form| form.id() != "scan") {
                return;
            }
            event.prevent_default();
            event.stop_propagation();
            desk.clone().take(Read::Code(board::value("code")));
        });
        let desk = self.clone();
        dom::listen(&dom::document(), "click", move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let Some(target) = target else { return };
            if target.id() == "undo-entry" {
                spawn_local(desk.clone().undo());
            } else if let Some(id) = target.get_attribute("data-admission")
                && let Ok(id) = id.parse()
            {
                desk.clone().take(Read::Admission(id));
            }
        });
        let desk = self.clone();
        dom::listen(&dom::document(), "input", move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            match target.map(|target| target.id()).as_deref() {
                Some("order") => desk.search(&desk.door.borrow()),
                Some("door") => desk.remember_name(),
                _ => {}
            }
        });
        for (name, is_online) in [("online", None), ("offline", Some(false))] {
            let desk = self.clone();
            dom::listen(&dom::window(), name, move |_| {
                desk.is_online.set(is_online);
                desk.hurries.set(is_online.is_none());
                desk.refresh();
            });
        }
    }

    /// Decides on what was read, after what came before.
    fn take(self: Rc<Self>, read: Read) {
        if matches!(&read, Read::Code(text) if text.trim().is_empty()) {
            return;
        }
        self.waiting.borrow_mut().push_back(read);
        board::ready();
        if !self.is_busy.replace(true) {
            spawn_local(async move {
                while let Some(read) = self.next() {
                    self.scan(read).await;
                }
                self.is_busy.set(false);
            });
        }
    }

    /// Returns the time by the shop's clock, as far as this device knows it.
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(dom::now() + self.clock.get())
    }

    /// Takes over what the shop's clock says. Answers take a moment to come, so a small difference is
    /// none of the clocks'.
    pub(crate) fn set_clock(&self, time: Timestamp) {
        let ahead = time.as_millis() - dom::now();
        let ahead = if ahead.abs() < TOLERANCE { 0 } else { ahead };
        self.clock.set(ahead);
        dom::remember_clock(ahead);
    }

    fn next(&self) -> Option<Read> {
        self.waiting.borrow_mut().pop_front()
    }

    async fn scan(&self, read: Read) {
        if self.is_closed.get() {
            return;
        }
        let local = self.door.borrow().decide(&read, self.now());
        let entry = Entry { at: self.now(), door: self.name() };
        let scan = self.scan_id(&read);
        let asks = self.is_online.get() != Some(false) && local.as_ref().is_none_or(asks);
        let told = if asks { self.ask(&read, scan, &entry, local.is_some()).await } else { None };
        if self.is_closed.get() {
            return;
        }
        let outcome = match (told, local) {
            (Some(scanned), _) => self.learn(&scanned, &entry).await,
            (None, Some(decided)) => self.decide(read, scan, decided, entry, asks).await,
            (None, None) => Outcome::default(),
        };
        let seen = self.seen(&outcome);
        self.board.show(&seen);
        (self.answered)(seen.tone);
        self.refresh();
    }

    /// Returns the scan's id. A code that the shop was asked about in vain is still the same scan: the
    /// shop may have let it in.
    fn scan_id(&self, read: &Read) -> ScanId {
        let unanswered = self.unanswered.take();
        let known = unanswered.filter(|(asked, _)| asked == read);
        known.map_or_else(new_id, |(_, scan)| scan)
    }

    /// Asks the shop; `None` if it does not answer in time.
    async fn ask(
        &self,
        read: &Read,
        scan: ScanId,
        entry: &Entry,
        has_list: bool,
    ) -> Option<Scanned> {
        let (code, admission_id) = match read {
            Read::Code(text) => (Some(text.clone()), None),
            Read::Admission(id) => (None, Some(*id)),
        };
        let one = Scan { id: scan, code, admission_id, at: Some(entry.at), admitted: false };
        let scans = NewScans { door: entry.door.clone(), scans: vec![one] };
        let path = self.address("/scans");
        let body = wire::write_scans(&scans);
        let call = Call { method: "POST", path: &path, body, tag: None };
        match net::ask(call, if has_list { PATIENCE } else { LONG_PATIENCE }).await {
            Ok(answer) => {
                self.is_online.set(Some(true));
                wire::scans(&answer.text)?.results.into_iter().next()
            }
            Err(Lost::Closed) => {
                sync::close(self).await;
                None
            }
            Err(Lost::Offline) => {
                self.is_online.set(Some(false));
                self.unanswered.replace(Some((read.clone(), scan)));
                None
            }
            // A text that no ticket has: too long for the shop to look at.
            Err(Lost::Refused) => None,
        }
    }

    /// Takes over what the shop has decided.
    async fn learn(&self, scanned: &Scanned, entry: &Entry) -> Outcome {
        let verdict = scanned.verdict.known();
        if let (Some(Verdict::Admitted), Some(id)) = (verdict, scanned.admission_id) {
            self.last.set(Some((scanned.id, id)));
        }
        let changed = self.door.borrow_mut().learn(scanned, entry);
        self.patch(changed.as_slice()).await;
        Outcome {
            verdict,
            ticket: scanned.number.zip(scanned.of),
            name: scanned.name.clone(),
            first: scanned.first.clone(),
            is_by_list: false,
        }
    }

    /// Does what the list says. An entry is stored before it is shown.
    async fn decide(
        &self,
        read: Read,
        scan: ScanId,
        decided: Decided,
        entry: Entry,
        was_asked: bool,
    ) -> Outcome {
        let name = decided.name().map(str::to_owned);
        let Decided { verdict, guest, want, .. } = decided;
        if want.is_some() {
            self.is_stale.set(true);
            self.hurries.set(true);
        }
        if let (Some(Verdict::Admitted), Some(guest)) = (verdict, &guest) {
            let queued = self.door.borrow_mut().let_in(scan, read, guest.id, entry, was_asked);
            if let Some(store) = self.store.get() {
                // A device that stores nothing has the queue for as long as the page is open.
                let _ = store.add(&queued).await;
            }
            self.unanswered.replace(None);
            self.last.set(Some((scan, guest.id)));
            self.hurries.set(self.is_online.get() == Some(true));
        }
        let is_again = verdict == Some(Verdict::Used);
        Outcome {
            verdict,
            ticket: guest.as_ref().map(|guest| (guest.number, guest.of)),
            name,
            first: guest.filter(|_| is_again).and_then(|guest| guest.entry),
            is_by_list: true,
        }
    }

    fn seen(&self, outcome: &Outcome) -> Seen {
        let has_list = self.door.borrow().list.is_some();
        let (tone, word) = match outcome.verdict {
            None if !has_list => (Tone::Due, "No network and no list"),
            None if outcome.is_by_list => words::NEWER,
            verdict => words::of(verdict),
        };
        let mut lines = Vec::new();
        if let Some((number, of)) = outcome.ticket {
            lines.push(words::ticket(number, of));
        }
        lines.extend(outcome.first.as_ref().map(|first| self.board.first(first)));
        if (tone, word) == words::NEWER {
            lines.push(
                "The ticket is real. The shop alone knows whether it still counts.".to_owned(),
            );
        }
        Seen { tone, word: word.to_owned(), name: outcome.name.clone(), lines }
    }

    /// Takes the last entry back.
    async fn undo(self: Rc<Self>) {
        let Some((scan, id)) = self.last.take() else { return };
        let waits = self.door.borrow().queue.has(scan);
        if waits || self.is_online.get() == Some(false) || !self.take_back(scan, id).await {
            let undone = self.door.borrow_mut().undo(scan, id);
            if let Some(store) = self.store.get() {
                let _ = match &undone {
                    Undone::Forgotten(place) => store.told(&[*place], &[]).await,
                    Undone::Queued(queued) => store.add(queued).await,
                };
            }
            self.hurries.set(true);
        }
        self.board.say("The entry is undone.");
        self.refresh();
        board::ready();
    }

    /// Asks the shop to take an entry back. Tells whether it has answered.
    async fn take_back(&self, scan: ScanId, id: AdmissionId) -> bool {
        let path = self.address(&format!("/scans/{scan}"));
        let call = Call { method: "DELETE", path: &path, ..Call::default() };
        match net::ask(call, PATIENCE).await {
            // Refused: there is nothing to take back any more.
            Ok(_) | Err(Lost::Refused) => {
                let changed = self.door.borrow_mut().leave(id);
                self.patch(changed.as_slice()).await;
                true
            }
            Err(Lost::Offline | Lost::Closed) => false,
        }
    }

    pub(crate) async fn patch(&self, guests: &[Guest]) {
        if let Some(store) = self.store.get() {
            // Without it, a reload finds the list as it was stored, and hears of the change again.
            let _ = store.patch(guests).await;
        }
    }

    fn name(&self) -> String {
        let name = board::value("door").trim().to_owned();
        if name.is_empty() { UNNAMED.to_owned() } else { name }
    }

    fn name_key(&self) -> String {
        format!("door-name {}", self.door.borrow().ticket_id)
    }

    fn remember_name(&self) {
        if let Some(storage) = dom::storage() {
            let _ = storage.set_item(&self.name_key(), &board::value("door"));
        }
    }

    fn remembered_name(&self) -> Option<String> {
        dom::storage()?.get_item(&self.name_key()).ok()?
    }
}

/// Tells whether the shop is asked about what the list has decided so.
fn asks(decided: &Decided) -> bool {
    // What the shop has not heard of yet, it would decide otherwise.
    if decided.is_own && decided.verdict == Some(Verdict::Used) {
        return false;
    }
    // No shop admits what is not a ticket, or is one of another event.
    !(matches!(decided.verdict, Some(Verdict::Invalid | Verdict::OtherEvent))
        && decided.want.is_none())
}

/// Returns a new scan's id, of the browser's random numbers.
fn new_id() -> ScanId {
    let mut bytes = [0; 16];
    if let Ok(crypto) = dom::window().crypto() {
        // It fails only where more is asked for at once.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    ScanId(uuid::Builder::from_random_bytes(bytes).into_uuid())
}
