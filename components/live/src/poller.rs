//! The one task that serves all streams of an instance: it reads what is new, tells it, waits, and
//! begins again, for as long as a page is open.
//!
//! A stream of its own task would ask Redis for itself, and wake up for nothing most of the time.
//! Nobody wakes the one task either: a task of a component that is woken by another one needs
//! support that spin-sdk does not switch on. So pages that come are met at the next turn.

use std::cell::{Cell, RefCell};
use std::thread::LocalKey;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use boxoffice_kernel::events::entry::EntryId;
use boxoffice_kernel::events::news::{self, KEPT};
use boxoffice_kernel::{Cx, log};
use http::HeaderMap;
use spin_sdk::wasip3::http::types::{ErrorCode, Response};
use spin_sdk::wasip3::random::random::get_random_u64;

use crate::connections::Connections;
use crate::feed::Feed;
use crate::page::Page;
use crate::sse_writer::{self, SseWriter};
use crate::subscription::Subscription;

/// How often Redis is asked what is new.
const TURN: Duration = Duration::from_millis(250);
/// For how long Redis may be silent before the streams end: pages poll then, which needs no Redis.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long a failure spares the next ones who come from waiting for the same.
const FAILURE: Duration = Duration::from_secs(1);
/// How often one looks whether another has finished reading.
const MOMENT: Duration = Duration::from_millis(10);
/// How many entries are read at a time: all that Redis keeps.
const BATCH: usize = 2 * KEPT;

thread_local! {
    static FEED: RefCell<Feed> = const { RefCell::new(Feed::new()) };
    /// When the feed was read last, and when that failed last.
    static READ: Cell<Option<Instant>> = const { Cell::new(None) };
    static FAILED: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Pages that have just come.
    static ARRIVALS: RefCell<Vec<(Page, SseWriter)>> = const { RefCell::new(Vec::new()) };
    /// Whether somebody serves the pages.
    static LED: Cell<bool> = const { Cell::new(false) };
    /// Whether somebody who has just come is reading the feed.
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// A flag that is up for as long as this lives, however what has it ends.
struct Raised(&'static LocalKey<Cell<bool>>);

impl Raised {
    /// Raises `flag`; None if it is up already.
    fn raise(flag: &'static LocalKey<Cell<bool>>) -> Option<Self> {
        if flag.replace(true) { None } else { Some(Self(flag)) }
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Makes sure that the feed is known and not old.
///
/// # Errors
/// When Redis does not answer.
pub(crate) async fn ready() -> Result<()> {
    while !is_within(READ.get(), PATIENCE) {
        if is_within(FAILED.get(), FAILURE) {
            bail!("Redis did not answer a moment ago");
        }
        match Raised::raise(&READING) {
            Some(_reading) => read().await?,
            None => spin_sdk::time::sleep(MOMENT).await,
        }
    }
    Ok(())
}

/// An answer whose body tells a page what it wants to hear. To be called from the request's task.
///
/// # Errors
/// When the host does not take the answer.
pub(crate) fn open(headers: HeaderMap, wish: Subscription) -> Result<Response, ErrorCode> {
    let (response, writer) = sse_writer::answer(headers)?;
    let chance = get_random_u64() as f64 / u64::MAX as f64;
    let page = Page::new(wish, Instant::now(), chance);
    ARRIVALS.with_borrow_mut(|arrivals| arrivals.push((page, writer)));
    if let Some(lead) = Raised::raise(&LED) {
        spin_sdk::wasip3::spawn(serve(lead));
    }
    Ok(response)
}

/// Serves all pages until none is open.
async fn serve(_lead: Raised) {
    let mut connections = Connections::default();
    loop {
        connections.admit(ARRIVALS.take());
        if connections.is_empty() {
            return;
        }
        // Whoever came before this is told of everything that it read.
        if let Err(error) = read().await {
            log::failed(Cx::NONE, "reading the news", &error);
        }
        let is_over = !is_within(READ.get(), PATIENCE);
        FEED.with_borrow(|feed| connections.tell(feed, Instant::now(), is_over));
        connections.pause(TURN).await;
    }
}

/// Reads what is new.
async fn read() -> Result<()> {
    let outcome = catch_up().await;
    let now = Some(Instant::now());
    match outcome {
        Ok(()) => READ.set(now),
        Err(_) => FAILED.set(now),
    }
    outcome
}

async fn catch_up() -> Result<()> {
    let from = FEED.with_borrow(Feed::position);
    let entries = news::read(from, BATCH).await?;
    if !FEED.with_borrow_mut(|feed| feed.go_on(from, entries)) {
        let entries = news::read(EntryId::ZERO, BATCH).await?;
        FEED.with_borrow_mut(|feed| feed.begin(entries));
    }
    Ok(())
}

fn is_within(time: Option<Instant>, limit: Duration) -> bool {
    time.is_some_and(|time| time.elapsed() < limit)
}
