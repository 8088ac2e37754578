//! Reads the list, hears of other doors, and tells the shop what it has not heard of.

use std::rc::Rc;

use boxoffice_admission_code::Verifier;
use boxoffice_contract::door::{Double, NewScans, Scans};
use boxoffice_door::queue::MOST;
use boxoffice_door::{Batch, List, wire};
use boxoffice_web_dom as dom;

use super::desk::Desk;
use super::net::{self, Answer, Call, Lost};
use super::store::{Kept, Store};

/// How long the door rests between two rounds, in milliseconds: while somebody looks, and else.
const REST: u32 = 800;
const LONG_REST: u32 = 10_000;
/// The longest pause while there is no network.
const LONGEST: u32 = 5_000;
/// How long a pause lasts until somebody is looked for who hurries.
const BEAT: u32 = 100;
/// How long an answer is waited for, in milliseconds: a page of the list may take long on a thin line.
const PATIENCE: u32 = 5_000;
const LONG_PATIENCE: u32 = 30_000;
/// After how many rounds the list is read as a whole again: what an older program changes is told in no
/// other way.
const ROUNDS: u32 = 600;
/// Every so many rounds the organizer hears of who came in twice.
const ROUNDS_OF_DOUBLES: u32 = 3;

/// What is known from round to round.
#[derive(Default)]
struct Rounds {
    /// How many there were since the list was read as a whole; `None` before that.
    since_list: Option<u32>,
    /// The entity tag of the last answer about changes.
    tag: Option<String>,
    doubles: Vec<Double>,
}

/// Keeps the door up to date, for as long as the page is open.
pub(crate) async fn run(desk: Rc<Desk>) {
    load(&desk).await;
    desk.refresh();
    let mut rounds = Rounds::default();
    let mut pause = REST;
    while !desk.is_closed.get() {
        desk.hurries.set(false);
        match rounds.round(&desk).await {
            Ok(()) => {
                desk.is_online.set(Some(true));
                pause = if dom::is_visible() { REST } else { LONG_REST };
            }
            Err(Lost::Closed) => close(&desk).await,
            // An older program lacks a call. It can be asked about codes all the same.
            Err(lost) => {
                desk.is_online.set(Some(lost == Lost::Refused));
                pause = pause.saturating_mul(2).min(LONGEST);
            }
        }
        desk.refresh();
        rest(&desk, pause).await;
    }
}

/// Waits, unless there is something to do at once.
async fn rest(desk: &Desk, pause: u32) {
    let mut rested = 0;
    while rested < pause && !desk.hurries.get() && !desk.is_closed.get() {
        dom::sleep(BEAT.cast_signed()).await;
        rested += BEAT;
        if pause == LONG_REST && dom::is_visible() {
            return;
        }
    }
}

/// Reads what this device has stored.
async fn load(desk: &Desk) {
    let listing = desk.door.borrow().ticket_id.to_string();
    // A browser may store nothing for a page. The door then has a list as long as it is open.
    let Ok(store) = Store::open(&listing).await else { return };
    let (kept, queue) = (store.list(&desk.owner).await, store.queue().await);
    let mut door = desk.door.borrow_mut();
    if let Ok(queued) = queue {
        door.queue = boxoffice_door::Queue::new(queued);
    }
    if let Ok(Some(Kept { list, keys })) = kept {
        door.list = Some(list);
        door.verifier = Verifier::from_jwks(&keys).ok();
    }
    // It is empty: nothing else fills it.
    let _ = desk.store.set(store);
}

/// Forgets the door: this device may not use it any more. What waits to be told stays.
pub(crate) async fn close(desk: &Desk) {
    desk.is_closed.set(true);
    let (path, waiting) = {
        let mut door = desk.door.borrow_mut();
        (door.list, door.verifier) = (None, None);
        (format!("/door/{}", door.ticket_id), door.queue.len())
    };
    if let Some(store) = desk.store.get() {
        let _ = store.forget().await;
    }
    if let Ok(caches) = dom::window().caches() {
        // The name that `saved.js` gives it.
        let _ = wasm_bindgen_futures::JsFuture::from(caches.delete(&format!("saved {path}"))).await;
    }
    desk.board.close(waiting);
}

impl Rounds {
    async fn round(&mut self, desk: &Desk) -> Result<(), Lost> {
        tell(desk).await?;
        let is_due = self.since_list.is_none_or(|rounds| rounds >= ROUNDS);
        let has_list = desk.door.borrow().list.is_some();
        if is_due || !has_list || desk.is_stale.replace(false) {
            self.read(desk).await?;
        } else {
            self.hear(desk).await?;
        }
        let rounds = self.since_list.map_or(0, |rounds| rounds + 1);
        self.since_list = Some(rounds);
        if desk.is_organizer && rounds.is_multiple_of(ROUNDS_OF_DOUBLES) {
            self.look_for_doubles(desk).await?;
        }
        Ok(())
    }

    /// Reads the list and the keys as a whole.
    async fn read(&mut self, desk: &Desk) -> Result<(), Lost> {
        // What changes while the pages come is told from this time on.
        let begin = get(desk, "/changes", PATIENCE).await?;
        let begin = wire::changes(&begin.text).ok_or(Lost::Offline)?;
        desk.set_clock(begin.since);
        let keys = get(desk, "/keys", PATIENCE).await?.text;
        let mut list = List::new(begin.since);
        let mut next = Some(String::new());
        while let Some(cursor) = next {
            let page = get(desk, &format!("/guests?limit=1000{cursor}"), LONG_PATIENCE).await?;
            let page = wire::guests(&page.text).ok_or(Lost::Offline)?;
            page.items.iter().for_each(|guest| list.put(guest));
            next = page.next_cursor.map(|cursor| format!("&cursor={cursor}"));
        }
        if let Some(store) = desk.store.get() {
            let _ = store.keep(&desk.owner, &list, &keys).await;
        }
        let mut door = desk.door.borrow_mut();
        door.verifier = Verifier::from_jwks(&keys).ok();
        door.list = Some(list);
        self.since_list = None;
        self.tag = None;
        Ok(())
    }

    /// Hears what has changed elsewhere.
    async fn hear(&mut self, desk: &Desk) -> Result<(), Lost> {
        let since = desk.door.borrow().list.as_ref().map(|list| list.since);
        let Some(since) = since else { return Ok(()) };
        let path = desk.address(&format!("/changes?since={since}"));
        let call = Call { path: &path, tag: self.tag.as_deref(), ..Call::default() };
        let answer = net::ask(call, PATIENCE).await?;
        if answer.is_same {
            return Ok(());
        }
        self.tag.clone_from(&answer.tag);
        let changes = wire::changes(&answer.text).ok_or(Lost::Offline)?;
        let is_too_much = desk.door.borrow_mut().hear(&changes);
        if is_too_much {
            desk.is_stale.set(true);
            desk.hurries.set(true);
        } else {
            desk.patch(&changes.guests).await;
        }
        Ok(())
    }

    async fn look_for_doubles(&mut self, desk: &Desk) -> Result<(), Lost> {
        let doubles = get(desk, "/doubles", PATIENCE).await?;
        let doubles = wire::doubles(&doubles.text).ok_or(Lost::Offline)?;
        if doubles.items != self.doubles {
            desk.board.doubles(&doubles.items);
            self.doubles = doubles.items;
        }
        Ok(())
    }
}

/// Tells the shop all that it has not heard of, in order.
async fn tell(desk: &Desk) -> Result<(), Lost> {
    let mut most = MOST;
    loop {
        let Some(batch) = desk.door.borrow_mut().queue.batch(most) else { return Ok(()) };
        match batch {
            Batch::Scans { door, scans, places } => {
                let many = scans.len();
                let body = wire::write_scans(&NewScans { door, scans });
                let path = desk.address("/scans");
                let call = Call { method: "POST", path: &path, body, tag: None };
                match net::ask(call, LONG_PATIENCE).await {
                    Ok(answer) => {
                        let Scans { results } = wire::scans(&answer.text).ok_or(Lost::Offline)?;
                        settle(desk, &places, &results).await;
                    }
                    // One of them is at fault: each is sent alone, and that one is dropped, or it would
                    // hold up all others for ever.
                    Err(Lost::Refused) if many > 1 => most = 1,
                    Err(Lost::Refused) => settle(desk, &places, &[]).await,
                    Err(lost) => return Err(lost),
                }
            }
            Batch::Undo { scan, place } => {
                let path = desk.address(&format!("/scans/{scan}"));
                let call = Call { method: "DELETE", path: &path, ..Call::default() };
                match net::ask(call, PATIENCE).await {
                    // Refused: there is nothing to take back any more.
                    Ok(_) | Err(Lost::Refused) => take_back(desk, place).await,
                    Err(lost) => return Err(lost),
                }
            }
        }
        desk.refresh();
    }
}

/// Takes the shop's verdicts over, in memory and on the device.
async fn settle(desk: &Desk, places: &[u64], results: &[boxoffice_contract::door::Scanned]) {
    let settled = desk.door.borrow_mut().settle(places, results);
    if let Some(store) = desk.store.get() {
        // If it fails, the same scans are told again, which changes nothing.
        let _ = store.told(places, &settled.changed).await;
    }
}

async fn take_back(desk: &Desk, place: u64) {
    let changed = desk.door.borrow_mut().taken_back(place);
    if let Some(store) = desk.store.get() {
        let _ = store.told(&[place], changed.as_slice()).await;
    }
}

async fn get(desk: &Desk, rest: &str, patience: u32) -> Result<Answer, Lost> {
    let path = desk.address(rest);
    net::ask(Call { path: &path, ..Call::default() }, patience).await
}
